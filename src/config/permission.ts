/** @module Permissions, on hosts that have them. */

/** What Deno is asked for (Deno API, `Deno.PermissionDescriptor`), as far as it is used here. */
export type Permission =
  | { readonly name: 'env'; readonly variable: string }
  | { readonly name: 'sys'; readonly kind: string }
  | { readonly name: 'read'; readonly path: string };

interface HostWithPermissions {
  readonly Deno?: {
    readonly permissions?: { querySync(permission: Permission): { readonly state: string } };
  };
}

/**
 * Whether the host allows this as things are. Deno would otherwise stop the program and ask its user, once for
 * each variable; hosts without permissions allow everything. Never throws.
 */
export function isGranted(permission: Permission): boolean {
  try {
    const permissions = (globalThis as HostWithPermissions).Deno?.permissions;
    return permissions === undefined || permissions.querySync(permission).state === 'granted';
  } catch {
    return false;
  }
}
