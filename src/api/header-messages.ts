/** The resource and scope fields that stand before the pieces of a request, encoded by the engine. */
import type { Attributes } from '@opentelemetry/api';
import { STRING_BYTES, STRINGS } from '../../assembly/layout.ts';
import { warnOnce } from '../diagnostics.ts';
import type { Arena } from '../engine/arena.ts';
import { AttributeList } from './attribute-list.ts';
import { readResource } from './read-resource.ts';
import type { InstrumentationScope, Resource } from './types.ts';

// trace/v1: ResourceSpans.resource = 1, .schema_url = 3; ScopeSpans.scope = 1, .schema_url = 3.
const RESOURCE = 0x0a;
const SCOPE = 0x0a;
const SCHEMA_URL = 0x1a;
// resource/v1: Resource.attributes = 1. common/v1: InstrumentationScope.name = 1, .version = 2, .attributes = 3.
const RESOURCE_ATTRIBUTES = 0x0a;
const SCOPE_NAME = 0x0a;
const SCOPE_VERSION = 0x12;
const SCOPE_ATTRIBUTES = 0x1a;

/** Makes the resource's fields for each request, and only once when all of its attributes are known. */
export function resourceHeader(arena: Arena, resource: Resource): () => Uint8Array {
  let final: Uint8Array | undefined;
  return () => {
    if (final !== undefined) return final;
    const fields = resourceFields(arena, resource);
    if (readResource(resource, 'asyncAttributesPending') !== true) final = fields;
    return fields;
  };
}

/** `ResourceSpans.resource` and `.schema_url`. */
function resourceFields(arena: Arena, resource: Resource): Uint8Array {
  const attributes = readResource(resource, 'attributes');
  const schemaUrl: unknown = readResource(resource, 'schemaUrl');
  return encodeFitting(arena, attributes, (list) => {
    const { writer } = arena;
    writer.openMessage(RESOURCE);
    writer.attributes(list.keys, list.values, list.names, list.count, false);
    writer.closeMessage(RESOURCE_ATTRIBUTES);
    writer.textField(SCHEMA_URL, typeof schemaUrl === 'string' ? schemaUrl : '');
  });
}

/** `ScopeSpans.scope` and `.schema_url`. */
export function scopeFields(arena: Arena, scope: InstrumentationScope): Uint8Array {
  return encodeFitting(arena, scope.attributes, (list) => {
    const { writer } = arena;
    writer.openMessage(SCOPE);
    writer.textField(SCOPE_NAME, scope.name);
    writer.textField(SCOPE_VERSION, scope.version ?? '');
    writer.attributes(list.keys, list.values, list.names, list.count, false);
    writer.closeMessage(SCOPE_ATTRIBUTES);
    writer.textField(SCHEMA_URL, scope.schemaUrl ?? '');
  });
}

/** Lengths to which values are cut, one after the other, until the message has room beside its text. */
const LENGTH_LIMITS = [Number.POSITIVE_INFINITY, 8192, 1024, 128];

function encodeFitting(
  arena: Arena,
  attributes: Attributes | undefined,
  write: (list: AttributeList) => void,
): Uint8Array {
  const { writer, engine } = arena;
  const end = STRINGS + engine.words[STRING_BYTES >> 2];
  for (const lengthLimit of LENGTH_LIMITS) {
    const list = new AttributeList(arena.keyTable, Number.POSITIVE_INFINITY, lengthLimit);
    if (attributes !== undefined && attributes !== null) list.setAll(attributes);
    writer.begin();
    write(list);
    const textEnd = writer.finishText();
    const start = engine.core.encodeMessage(writer.cellCount, textEnd);
    if (start > 0) return engine.bytes.slice(start, end);
    warnOnce('header-size', 'the attributes of a resource or scope are too large; their values are cut.');
  }
  warnOnce('header-dropped', 'the attributes of a resource or scope are too many; they are left out.');
  return new Uint8Array(0);
}
