/**
 * Our encoder where another SDK looks for a serialiser: the `ISerializer` that exporters of opentelemetry-js are made
 * with (`@opentelemetry/otlp-transformer`).
 */
import { warn } from '../diagnostics.ts';
import { requestText } from '../export/otlp-json-body.ts';
import { readPartialSuccess } from '../export/partial-success.ts';
import { messageOf } from './attributes.ts';
import { bytesOf, encodeRequest } from './request-encoder.ts';
import type { ReadableSpan } from './types.ts';

/** `ExportTraceServiceResponse` (opentelemetry-proto, trace_service.proto), as opentelemetry-js types it. */
export interface ExportTraceServiceResponse {
  partialSuccess?: { rejectedSpans?: number; errorMessage?: string };
}

/** Requests to bytes and answers from bytes. */
export interface TraceSerializer {
  /** The body of a request; `undefined`, with a warning, when it cannot be made. Never throws. */
  serializeRequest(spans: ReadableSpan[]): Uint8Array | undefined;
  /** What an answer says; one that cannot be read says nothing. Never throws. */
  deserializeResponse(body: Uint8Array): ExportTraceServiceResponse;
}

/** OTLP in protobuf form, `application/x-protobuf`. */
export const ProtobufTraceSerializer: TraceSerializer = {
  serializeRequest: (spans) => serialize(spans, (bytes) => bytes),
  deserializeResponse,
};

/** OTLP in JSON form, `application/json`; transcoded from the protobuf form. */
export const JsonTraceSerializer: TraceSerializer = {
  serializeRequest: (spans) =>
    serialize(spans, (bytes) => new TextEncoder().encode([...requestText([bytes])].join(''))),
  deserializeResponse,
};

function serialize(
  spans: readonly ReadableSpan[],
  form: (bytes: Uint8Array) => Uint8Array,
): Uint8Array | undefined {
  try {
    // Spans that are left out were said by the ledger, by reason.
    return form(bytesOf(encodeRequest(spans)));
  } catch (error) {
    warn('serializer', `spans could not be serialised: ${messageOf(error)}.`);
    return undefined;
  }
}

function deserializeResponse(body: Uint8Array): ExportTraceServiceResponse {
  const { rejected, message } = readPartialSuccess(body ?? new Uint8Array(0));
  if (rejected === 0 && message === undefined) return {};
  return { partialSuccess: { rejectedSpans: rejected, errorMessage: message ?? '' } };
}
