/** @module Finds out what a resource is made of (Resource SDK specification, "Detecting resource information"). */

import type { AttributeValue } from '@opentelemetry/api';
import { warnOnce } from '../diagnostics.ts';
import { describe, messageOf } from './attributes.ts';
import { swallowRejection } from './refuse-promise.ts';
import { emptyResource, isPromiseLike, readEntries, resourceFromAttributes } from './resource.ts';
import type { Resource } from './types.ts';

/** Attributes a detector found; a value may be a promise. */
export type DetectedResourceAttributes = Record<
  string,
  AttributeValue | undefined | Promise<AttributeValue | undefined>
>;

/** What a detector found. */
export interface DetectedResource {
  attributes?: DetectedResourceAttributes;
  /** URL of the schema the attribute names follow. Default: unknown. */
  schemaUrl?: string;
}

/** As opentelemetry-js has it: its detectors fit here, and ours there. */
export interface ResourceDetector {
  detect(config?: ResourceDetectionConfig): DetectedResource;
}

export interface ResourceDetectionConfig {
  /** Run in this order; of equal attributes that of the later detector counts. Default: none. */
  detectors?: ResourceDetector[];
}

/** The conventions that the detectors of this package follow (Resource SDK specification, "Resource detector"). */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.37.0';

/** Longest time that promises of one detector are waited for. */
const DETECTION_MILLIS = 5_000;

/**
 * Runs the detectors and merges what they found. A detector that throws, whose promises reject or take longer
 * than 5 seconds, or that answers with something else, loses the attributes concerned and nothing more; that is
 * said once. Never throws.
 */
export function detectResources(config: { detectors?: readonly ResourceDetector[] } = {}): Resource {
  const { detectors } = config ?? {};
  if (detectors === undefined || detectors === null) return emptyResource();
  if (!Array.isArray(detectors)) {
    warnOnce('detectors', `detectResources: expected a list of detectors, got ${typeof detectors}.`);
    return emptyResource();
  }
  return detectors
    .map((detector, index) => detect(detector, nameOf(detector, index), config as ResourceDetectionConfig))
    .reduce((merged, found) => merged.merge(found), emptyResource());
}

function detect(detector: ResourceDetector, name: string, config: ResourceDetectionConfig): Resource {
  try {
    const detected: unknown = detector.detect(config);
    if (swallowRejection(detected) || !isObject(detected)) {
      report(name, `expected an object with attributes, got ${describeKind(detected)}`);
      return emptyResource();
    }
    const { attributes, schemaUrl } = detected as DetectedResource;
    if (swallowRejection(attributes) || (attributes !== undefined && !isObject(attributes))) {
      report(name, `expected attributes in an object, got ${describeKind(attributes)}`);
      return emptyResource();
    }
    const entries = bounded(name, readEntries(attributes ?? {}));
    return resourceFromAttributes(Object.fromEntries(entries) as DetectedResourceAttributes, { schemaUrl });
  } catch (cause) {
    report(name, `it threw ${messageOf(cause)}`);
    return emptyResource();
  }
}

/** The entries, with promises that settle in time and never reject. */
function bounded(name: string, entries: [string, unknown][]): [string, unknown][] {
  const late = new Map<string, Promise<unknown>>();
  for (const [key, value] of entries) {
    if (isPromiseLike(value)) late.set(key, Promise.resolve(value));
  }
  if (late.size === 0) return entries;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => {
      report(name, `no answer within ${DETECTION_MILLIS} ms for ${[...late.keys()].join(', ')}`);
      resolve(undefined);
    }, DETECTION_MILLIS);
    (timer as { unref?: () => void }).unref?.();
  });
  return entries.map(([key, value]) => {
    const promise = late.get(key);
    if (promise === undefined) return [key, value];
    const settled = promise
      .catch((cause: unknown) => report(name, `its promise for ${key} rejected: ${messageOf(cause)}`))
      .finally(() => {
        late.delete(key);
        if (late.size === 0) clearTimeout(timer);
      });
    return [key, Promise.race([settled, expired])];
  });
}

function report(name: string, what: string): undefined {
  warnOnce(`detector:${name}`, `resource detector ${name}: ${what}; what it did not find is left out.`);
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function describeKind(value: unknown): string {
  if (value === null) return 'null';
  return isPromiseLike(value) ? 'a promise' : `a value of type ${typeof value}`;
}

/** The name of its class, or its place in the list. */
function nameOf(detector: unknown, index: number): string {
  try {
    const name = describe((detector as object).constructor.name);
    if (name !== '' && name !== 'Object') return name;
  } catch {
    // No class to name.
  }
  return `${index + 1} of the list`;
}
