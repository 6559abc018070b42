/** Waiting for resource attributes that are promises. Resource SDK specification, "Detecting resource information". */
import { readResource } from './read-resource.ts';
import type { Resource } from './types.ts';

/** Longest time that spans wait for them. */
const WAIT_MILLIS = 5_000;

/**
 * Settles when the resource is complete, or was given five seconds to be; `undefined` when it is complete already.
 * Never rejects, whatever a resource of another make does.
 */
export function completion(resource: Resource | undefined): Promise<void> | undefined {
  if (resource === undefined || readResource(resource, 'asyncAttributesPending') !== true) return undefined;
  if (readResource(resource, 'waitForAsyncAttributes') === undefined) return undefined;
  return new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, WAIT_MILLIS);
    (timer as { unref?: () => void }).unref?.();
    const settle = (): void => {
      clearTimeout(timer);
      resolve();
    };
    // It may throw here, or answer with something that is no promise.
    new Promise((wait) => wait(resource.waitForAsyncAttributes?.())).then(settle, settle);
  });
}
