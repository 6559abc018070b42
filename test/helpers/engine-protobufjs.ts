/**
 * @module An independent reader of OTLP: protobufjs over the published `.proto` files. Both come with the mock
 * receiver of another project and are read when a test runs.
 */

import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { toOtlpJson } from './mock-otlp.ts';

interface MessageType {
  decode(bytes: Uint8Array): object;
  fromObject(object: object): object;
  encode(message: object): { finish(): Uint8Array };
  toObject(message: object, options: object): Record<string, unknown>;
}

interface Root {
  resolvePath(origin: string, target: string): string;
  loadSync(file: string, options: object): Root;
  lookupType(name: string): MessageType;
}

const receiver = createRequire(import.meta.url).resolve('@elastic/mockotlpserver/package.json');
const { Root: ProtoRoot } = createRequire(receiver)('protobufjs') as { Root: new () => Root };
const folder = dirname(receiver);

const root = new ProtoRoot();
root.resolvePath = (_origin, target) => join(folder, target);
const requestType = root
  .loadSync('opentelemetry/proto/collector/trace/v1/trace_service.proto', { keepCase: false })
  .lookupType('opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest');

/** A span as protobufjs reads it; 64-bit numbers are decimal strings, absent fields have proto3 defaults. */
export interface ProtobufjsSpan {
  readonly name: string;
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[];
  readonly [member: string]: unknown;
}

export interface ProtobufjsRequest {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly { readonly spans: readonly ProtobufjsSpan[] }[];
  }[];
}

export function decodeWithProtobufjs(bytes: Uint8Array): ProtobufjsRequest {
  const message = requestType.decode(bytes);
  const options = { longs: String, bytes: Array, defaults: true, arrays: true, oneofs: false };
  return requestType.toObject(message, options) as unknown as ProtobufjsRequest;
}

const HEX_MEMBERS = new Set(['traceId', 'spanId', 'parentSpanId']);

/** OTLP JSON as bytes: of its departures from ProtoJSON, ids in hexadecimal are the one that protobufjs lacks. */
export function encodeJsonWithProtobufjs(text: string): Uint8Array {
  const json = JSON.parse(text, (name, value) =>
    HEX_MEMBERS.has(name) ? Buffer.from(value, 'hex').toString('base64') : value,
  );
  return requestType.encode(requestType.fromObject(json)).finish();
}

/** The request as OTLP JSON has it, for `spansOf` of received-spans.ts. */
export function otlpJsonByProtobufjs(bytes: Uint8Array): unknown {
  return toOtlpJson(requestType.toObject(requestType.decode(Buffer.from(bytes)), { longs: String }));
}

export function spansByProtobufjs(bytes: Uint8Array): ProtobufjsSpan[] {
  return decodeWithProtobufjs(bytes).resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans),
  );
}
