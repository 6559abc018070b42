/** Reading a resource of another make, whose getters may throw. */
import { warnOnce } from '../diagnostics.ts';
import { messageOf } from './attributes.ts';
import type { Resource } from './types.ts';

/** A member of a resource; `undefined`, and a warning once per process, when it cannot be read. Never throws. */
export function readResource<Name extends keyof Resource>(
  resource: Resource,
  name: Name,
): Resource[Name] | undefined {
  try {
    return resource[name];
  } catch (error) {
    warnOnce(
      'resource-unreadable',
      `the resource cannot be read: its ${name} threw ${messageOf(error)}; spans are sent with what can be.`,
    );
    return undefined;
  }
}
