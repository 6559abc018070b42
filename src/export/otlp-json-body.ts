/** @module A request's wire bytes as the body of an `http/json` request, span by span and in turns. */

import { toJsonResource, toJsonScope, toJsonSpan } from './otlp-json.ts';
import type { OtlpResource, OtlpScope } from './otlp-message.ts';
import { joined, readResource, readScope, readSpan } from './otlp-reader.ts';
import { ProtoReader } from './proto-reader.ts';

/** Text made in one turn of the event loop, in UTF-16 units; about half a millisecond. */
const UNITS_PER_TURN = 32_768;

/** A body, in the order it travels. */
export interface JsonBody {
  readonly chunks: readonly Uint8Array[];
  /** Sum of the chunk lengths, in bytes. */
  readonly byteLength: number;
}

/**
 * The `ExportTraceServiceRequest` in `chunks` as UTF-8 of OTLP JSON. A turn of the event loop ends after
 * {@link UNITS_PER_TURN} and the span that went over it; `chunks` must stay as they are until this settles.
 *
 * @param maximumBytes - a longer body is not finished: what comes back is longer than this.
 * @param isCancelled - asked between turns.
 * @returns `undefined` when cancelled.
 * @throws OtlpReadError as `readExportTraceServiceRequest` does.
 */
export async function toJsonBody(
  chunks: readonly Uint8Array[],
  maximumBytes: number,
  isCancelled: () => boolean,
): Promise<JsonBody | undefined> {
  const encoder = new TextEncoder();
  const body: Uint8Array[] = [];
  let byteLength = 0;
  let text = '';
  const take = (): void => {
    const piece = encoder.encode(text);
    body.push(piece);
    byteLength += piece.length;
    text = '';
  };
  for (const part of requestText(chunks)) {
    text += part;
    if (text.length < UNITS_PER_TURN) continue;
    take();
    if (byteLength > maximumBytes) break;
    await new Promise((resolve) => (globalThis.setImmediate ?? setTimeout)(resolve));
    if (isCancelled()) return undefined;
  }
  take();
  return { chunks: body, byteLength };
}

/** The text of the whole request, at most one span at a time. */
export function* requestText(chunks: readonly Uint8Array[]): Generator<string> {
  yield '{"resourceSpans":[';
  let separator = '';
  for (const request = new ProtoReader(joined(chunks)); request.next(); ) {
    if (request.field !== 1) {
      request.skip();
      continue;
    }
    yield separator;
    separator = ',';
    yield* resourceSpansText(request.message());
  }
  yield ']}';
}

// The lists come first in the two below: of the members beside them, the last on the wire counts.
function* resourceSpansText(message: ProtoReader): Generator<string> {
  let resource: OtlpResource = { attributes: [], droppedAttributesCount: 0 };
  let schemaUrl = '';
  let separator = '';
  yield '{"scopeSpans":[';
  while (message.next()) {
    if (message.field === 1) resource = readResource(message, resource);
    else if (message.field === 2) {
      yield separator;
      separator = ',';
      yield* scopeSpansText(message.message());
    } else if (message.field === 3) schemaUrl = message.string();
    else message.skip();
  }
  yield `],"resource":${JSON.stringify(toJsonResource(resource))}${schemaMember(schemaUrl)}}`;
}

function* scopeSpansText(message: ProtoReader): Generator<string> {
  let scope: OtlpScope = { name: '', version: '', attributes: [], droppedAttributesCount: 0 };
  let schemaUrl = '';
  let separator = '';
  yield '{"spans":[';
  while (message.next()) {
    if (message.field === 1) scope = readScope(message, scope);
    else if (message.field === 2) {
      yield `${separator}${JSON.stringify(toJsonSpan(readSpan(message)))}`;
      separator = ',';
    } else if (message.field === 3) schemaUrl = message.string();
    else message.skip();
  }
  yield `],"scope":${JSON.stringify(toJsonScope(scope))}${schemaMember(schemaUrl)}}`;
}

function schemaMember(schemaUrl: string): string {
  return schemaUrl === '' ? '' : `,"schemaUrl":${JSON.stringify(schemaUrl)}`;
}
