/** @module Resources: what produced the spans (Resource SDK specification). */

import type { Attributes, AttributeValue } from '@opentelemetry/api';
import { warn } from '../diagnostics.ts';
import { VERSION } from '../version.ts';
import { hostProcess } from './runtime.ts';
import type { RawResourceAttribute, Resource } from './types.ts';

/** Attributes of a resource; a value may be a promise, of which only a simple value is kept. */
export type ResourceAttributes = Record<
  string,
  AttributeValue | undefined | PromiseLike<AttributeValue | undefined>
>;

export interface ResourceFromAttributesOptions {
  /** URL of the schema the attribute names follow. Default: unknown. */
  schemaUrl?: string;
}

/**
 * A resource with these attributes.
 *
 * Values are strings, numbers, booleans or arrays of one of them; anything else is left out and said. Arrays
 * are copied. A promise that rejects leaves its attribute out, and is said. Never throws.
 */
export function resourceFromAttributes(
  attributes: ResourceAttributes,
  options: ResourceFromAttributesOptions = {},
): Resource {
  return new OwnResource(readEntries(attributes), options?.schemaUrl);
}

/** The members of an object; one whose getter throws is left out and said. */
export function readEntries(attributes: object): [string, unknown][] {
  const entries: [string, unknown][] = [];
  try {
    for (const key of Object.keys(attributes ?? {})) {
      try {
        entries.push([key, (attributes as Record<string, unknown>)[key]]);
      } catch {
        warn(`resource-${key}`, `resource attribute ${key}: reading it threw; it is left out.`);
      }
    }
  } catch {
    warn(
      'resource-attributes',
      'resource attributes: expected an object, got one that cannot be read; it is ignored.',
    );
  }
  return entries;
}

/** The resource without attributes: merging it changes nothing. */
export function emptyResource(): Resource {
  return new OwnResource([], undefined);
}

/**
 * The attributes every resource must have (Resource semantic conventions, "Semantic Attributes with SDK-provided
 * Default Value"): `service.name`, which is `unknown_service:` and the name of the executable, and
 * `telemetry.sdk.*`. Reads no environment variable.
 */
export function defaultResource(): Resource {
  return resourceFromAttributes({
    'service.name': defaultServiceName(),
    'telemetry.sdk.language': hostProcess()?.versions?.node === undefined ? 'webjs' : 'nodejs',
    'telemetry.sdk.name': 'spandrel',
    'telemetry.sdk.version': VERSION,
  });
}

/** `unknown_service:` and the name of the executable, or `unknown_service` where there is none. */
export function defaultServiceName(): string {
  try {
    const executable = hostProcess()?.argv0;
    return executable ? `unknown_service:${executable}` : 'unknown_service';
  } catch {
    // Deno without permission to read the path of its executable.
    return 'unknown_service';
  }
}

class OwnResource implements Resource {
  readonly schemaUrl?: string;
  /** Strongest first. A promise is replaced by its value as soon as it has one. */
  private readonly entries: RawResourceAttribute[] = [];
  private readonly pending = new Set<Promise<void>>();
  private settled: Attributes | undefined;

  constructor(entries: Iterable<readonly [string, unknown]>, schemaUrl: unknown) {
    const url = checkSchemaUrl(schemaUrl);
    if (url !== undefined) this.schemaUrl = url;
    for (const [key, value] of entries) this.add(key, value);
  }

  get asyncAttributesPending(): boolean {
    return this.pending.size > 0;
  }

  get attributes(): Attributes {
    if (this.settled !== undefined) return this.settled;
    const attributes: Attributes = {};
    for (const [key, value] of this.entries) {
      if (value === undefined || value instanceof Promise || Object.hasOwn(attributes, key)) continue;
      // Not assignment: `__proto__` is a legal key and must stay data.
      Object.defineProperty(attributes, key, { value, enumerable: true, configurable: true, writable: true });
    }
    if (!this.asyncAttributesPending) this.settled = attributes;
    return attributes;
  }

  async waitForAsyncAttributes(): Promise<void> {
    await Promise.all(this.pending);
  }

  merge(other: Resource | null): Resource {
    if (other === null || other === undefined) return this;
    return new OwnResource([...rawAttributesOf(other), ...this.entries], mergeSchemaUrls(this, other));
  }

  getRawAttributes(): RawResourceAttribute[] {
    return this.entries.slice();
  }

  private add(key: string, value: unknown): void {
    if (key === '') {
      warn(
        'resource-key',
        'resource: expected attribute keys that are not empty; one without a key is left out.',
      );
      return;
    }
    if (!isPromiseLike(value)) {
      this.entries.push([key, simpleValue(key, value)]);
      return;
    }
    const promise = Promise.resolve(value).then(
      (resolved) => simpleValue(key, resolved),
      () => {
        warn(
          `resource-promise:${key}`,
          `resource: the promise for attribute ${JSON.stringify(key)} rejected; it is left out.`,
        );
        return undefined;
      },
    );
    const entry: RawResourceAttribute = [key, promise];
    this.entries.push(entry);
    const done = promise.then((resolved) => {
      entry[1] = resolved;
      this.pending.delete(done);
      this.settled = undefined;
    });
    this.pending.add(done);
  }
}

/** Resources of opentelemetry-js 1.x have no raw attributes. */
function rawAttributesOf(resource: Resource): Iterable<readonly [string, unknown]> {
  return typeof resource.getRawAttributes === 'function'
    ? resource.getRawAttributes()
    : Object.entries(resource.attributes ?? {});
}

/** Resource SDK specification, "Merge": the other's URL if ours is empty, ours if theirs is, none if they differ. */
function mergeSchemaUrls(old: Resource, updating: Resource): string | undefined {
  if (!old.schemaUrl) return updating.schemaUrl;
  if (!updating.schemaUrl || updating.schemaUrl === old.schemaUrl) return old.schemaUrl;
  warn(
    'resource-schema-conflict',
    `resource: expected one schema URL, got ${JSON.stringify(old.schemaUrl)} and ` +
      `${JSON.stringify(updating.schemaUrl)}; the merged resource has none. Use one schema for both.`,
  );
  return undefined;
}

function checkSchemaUrl(schemaUrl: unknown): string | undefined {
  if (schemaUrl === undefined || typeof schemaUrl === 'string') return schemaUrl;
  warn(
    'resource-schema-url',
    `resource: expected a schema URL of type string, got ${typeof schemaUrl}; it is ignored.`,
  );
  return undefined;
}

/** A copy of `value` if a resource may hold it (Common specification, "Attribute": resources stay simple). */
function simpleValue(key: string, value: unknown): AttributeValue | undefined {
  if (value === undefined || value === null) return undefined;
  if (isPrimitive(value)) return value as AttributeValue;
  if (Array.isArray(value)) {
    const present = value.filter((item) => item !== null && item !== undefined);
    const kind = typeof present[0];
    if (present.every((item) => isPrimitive(item) && typeof item === kind))
      return value.slice() as AttributeValue;
  }
  warn(
    `resource-value:${key}`,
    `resource: expected a string, number, boolean or array of one of them for attribute ${JSON.stringify(key)}, ` +
      `got ${Array.isArray(value) ? 'another array' : typeof value}; it is left out.`,
  );
  return undefined;
}

function isPrimitive(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
