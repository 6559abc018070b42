/** @module The resource of decoded spans. */

import type { Attributes } from '@opentelemetry/api';
import type { RawResourceAttribute, Resource } from '../api/types.ts';

/** A resource read off the wire; complete unless merged with one that is not. */
export class DecodedResource implements Resource {
  attributes: Attributes;
  readonly schemaUrl?: string;
  asyncAttributesPending: boolean;
  private raw: RawResourceAttribute[];

  /** @param raw - the stronger first where a key is named twice. */
  constructor(raw: RawResourceAttribute[], schemaUrl: string | undefined) {
    this.raw = raw;
    if (schemaUrl) this.schemaUrl = schemaUrl;
    this.asyncAttributesPending = raw.some(([, value]) => value instanceof Promise);
    this.attributes = settledAttributes(raw);
  }

  async waitForAsyncAttributes(): Promise<void> {
    const settled = await Promise.allSettled(this.raw.map(([, value]) => value));
    this.raw = this.raw.map(([key], index) => {
      const outcome = settled[index];
      return [key, outcome.status === 'fulfilled' ? outcome.value : undefined];
    });
    this.asyncAttributesPending = false;
    this.attributes = settledAttributes(this.raw);
  }

  merge(other: Resource | null): Resource {
    if (other === null) return this;
    const raw = [...other.getRawAttributes(), ...this.raw];
    return new DecodedResource(raw, mergedSchemaUrl(this.schemaUrl, other.schemaUrl));
  }

  getRawAttributes(): RawResourceAttribute[] {
    return this.raw;
  }
}

function settledAttributes(raw: readonly RawResourceAttribute[]): Attributes {
  const strongest = new Map<string, unknown>();
  for (const [key, value] of raw) {
    if (value != null && !(value instanceof Promise) && !strongest.has(key)) strongest.set(key, value);
  }
  return Object.fromEntries(strongest) as Attributes;
}

/** Resource SDK, "Merge": two different schema URLs have no defined result, so there is none. */
function mergedSchemaUrl(old: string | undefined, updating: string | undefined): string | undefined {
  if (!old || !updating) return old || updating;
  return old === updating ? old : undefined;
}
