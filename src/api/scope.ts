/** Instrumentation scopes. Trace API specification, "Get a Tracer". */
import type { Attributes } from '@opentelemetry/api';
import { warnOnce } from '../diagnostics.ts';
import { describe } from './attributes.ts';
import type { InstrumentationScope } from './types.ts';

/** A scope of text, whatever was given: names of any kind are read once, here. One without a name works, and is said. */
export function readScope(
  name: unknown,
  version: unknown,
  options: { schemaUrl?: unknown; attributes?: Attributes } | undefined,
): InstrumentationScope {
  const text = describe(name ?? '');
  if (text === '') {
    warnOnce(
      'scope-name',
      `getTracer: expected the name of the library that makes the spans, got ${name === '' ? '""' : describe(name)}; ` +
        'its spans come under a scope without a name.',
    );
  }
  return {
    name: text,
    version: version === undefined || version === null ? undefined : describe(version),
    schemaUrl:
      options?.schemaUrl === undefined || options.schemaUrl === null
        ? undefined
        : describe(options.schemaUrl),
    attributes: options?.attributes,
  };
}

/** Equal for equal scopes. Attributes that JSON cannot write tell no scopes apart. */
export function scopeKey({ name, version, schemaUrl, attributes }: InstrumentationScope): string {
  try {
    return JSON.stringify([name, version, schemaUrl, attributes]);
  } catch {
    return JSON.stringify([name, version, schemaUrl]);
  }
}
