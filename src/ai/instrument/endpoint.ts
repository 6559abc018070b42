/** One method of a client, as `instrument` reads it. */
import type { SpanType } from '../fields.ts';
import type { OpenFields } from '../record.ts';
import type { Json } from './read.ts';

export interface Endpoint {
  readonly type: SpanType;
  /** `gen_ai.operation.name`; the name of the span begins with it. */
  readonly operation: string;
  /** What was asked for. Content only where `content` says so. */
  request(body: Json, content: boolean): OpenFields;
  /** What a whole answer says. */
  response(answer: Json, content: boolean): OpenFields;
  /** For endpoints that stream. */
  collect?(content: boolean): Collector;
}

/** Puts the pieces of one streamed answer together. */
export interface Collector {
  push(chunk: Json): void;
  /** What the pieces that came so far say; content only where `content` says so, and the collector was made for it. */
  fields(content: boolean): OpenFields;
}
