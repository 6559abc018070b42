/** @module Detects the host (Resource semantic conventions, "Host"). */

import { isGranted } from '../config/permission.ts';
import {
  type DetectedResource,
  type DetectedResourceAttributes,
  type ResourceDetector,
  SCHEMA_URL,
} from './resource-detector.ts';
import { fromBuiltin, hostProcess } from './runtime.ts';

/** Where systems keep the id of the machine (machine-id(5), "hostid" of rc.conf(5)). */
const ID_FILES: Readonly<Partial<Record<string, readonly string[]>>> = {
  linux: ['/etc/machine-id', '/var/lib/dbus/machine-id'],
  freebsd: ['/etc/hostid'],
};

/** Names of architectures that the conventions spell in another way than Node. */
const ARCHITECTURES: Readonly<Partial<Record<string, string>>> = { arm: 'arm32', ppc: 'ppc32', x64: 'amd64' };

class HostDetector implements ResourceDetector {
  detect(): DetectedResource {
    const paths = ID_FILES[hostProcess()?.platform ?? ''] ?? [];
    return { attributes: { ...basicHostAttributes(), 'host.id': machineId(paths) }, schemaUrl: SCHEMA_URL };
  }
}

/** What is no identifier. */
export function basicHostAttributes(): DetectedResourceAttributes {
  const arch = hostProcess()?.arch;
  return {
    'host.name': isGranted({ name: 'sys', kind: 'hostname' })
      ? fromBuiltin('node:os', (os: typeof import('node:os')) => os.hostname())
      : undefined,
    'host.arch': arch === undefined ? undefined : (ARCHITECTURES[arch] ?? arch),
  };
}

function machineId(paths: readonly string[]): string | undefined | Promise<string | undefined> {
  const allowed = paths.filter((path) => isGranted({ name: 'read', path }));
  if (allowed.length === 0) return undefined;
  return fromBuiltin('node:fs', ({ readFileSync }: typeof import('node:fs')) => {
    for (const path of allowed) {
      try {
        return readFileSync(path, 'utf8').trim();
      } catch {
        // Not on this system; the next one may be.
      }
    }
    return undefined;
  });
}

/**
 * `host.name`, `host.arch`, and `host.id` where a file holds it: on Linux and FreeBSD. Elsewhere it would cost
 * a process of its own, so it is absent.
 */
export const hostDetector: ResourceDetector = new HostDetector();
