/** One call of a model through a client: what is read of its answer before its span ends. */
import { type Context, type Span, SpanStatusCode } from '@opentelemetry/api';
import { describe } from '../../api/attributes.ts';
import { LeftOut, readContent } from '../../api/capture-content.ts';
import { warnOnce } from '../../diagnostics.ts';
import type { ChunkSink } from '../chunks.ts';
import { errorNameOf, OpenCall, type OutputCapture } from '../open-call.ts';
import { addFields, type OpenFields } from '../record.ts';
import { callFrame } from '../usage-claim.ts';
import type { Collector, Endpoint } from './endpoint.ts';
import { asRecord, type Json } from './read.ts';

/** Pieces that are kept of a body which the program reads as text. */
const RAW: OutputCapture = { maxChunks: 10_000 };

export class ModelCall extends OpenCall {
  private readonly endpoint: Endpoint;
  private readonly content: boolean;
  private readonly start = performance.now();

  constructor(span: Span, outer: Context, endpoint: Endpoint, content: boolean) {
    super(span, callFrame(outer, span), RAW);
    this.endpoint = endpoint;
    this.content = content;
  }

  /** Adds what `read` finds; it is told whether it may read what was said. */
  add(read: (content: boolean) => OpenFields): void {
    this.guard(() => {
      const { type, operation } = this.endpoint;
      const fields = this.read(read);
      addFields(this.span, { type, ...fields, model: { operation, ...fields.model } });
      if (fields.error === undefined) return;
      this.span.setStatus({ code: SpanStatusCode.ERROR, message: fields.error });
    });
  }

  /** Content is read only where there is room for it in the overhead budget, and counts towards that. */
  private read(read: (content: boolean) => OpenFields): OpenFields {
    if (!this.content) return read(false);
    const fields = readContent(this.span, undefined, () => read(true));
    return fields instanceof LeftOut ? read(false) : fields;
  }

  /** Whatever a server or a program made of a call, neither sees a fault of ours. */
  guard(read: () => void): void {
    try {
      read();
    } catch (error) {
      const { operation } = this.endpoint;
      warnOnce(
        `instrument-${operation}`,
        `instrument: a call "${operation}" cannot be read: ${describe(error)}.`,
      );
    }
  }

  override newChunks(): ChunkSink | null {
    const collector = this.endpoint.collect?.(this.content);
    return collector === undefined ? null : new Collected(collector, this);
  }

  protected override errorTypeOf(error: unknown): string {
    return errorType(error);
  }

  /** What is no object says nothing: the call ended without an answer of its own. */
  protected override captureResult(result: unknown): void {
    const { endpoint } = this;
    if (typeof result === 'object') this.add((content) => endpoint.response(asRecord(result), content));
  }

  protected override captureChunks(chunks: unknown): void {
    if (chunks instanceof Collected) this.add((content) => chunks.collector.fields(content));
    else if (typeof chunks === 'string') this.captureText(chunks);
  }

  /** A body that the program read by itself: JSON, or server-sent events (HTML standard, "Server-sent events"). */
  private captureText(body: string): void {
    const { endpoint } = this;
    const whole = parsed(body);
    if (whole !== undefined) {
      this.add((content) => endpoint.response(whole, content));
      return;
    }
    const chunks = this.newChunks();
    for (const line of body.split(/\r\n|\r|\n/)) {
      const event = line.startsWith('data:') ? parsed(line.slice('data:'.length)) : undefined;
      if (event !== undefined) chunks?.push(event);
    }
    this.captureChunks(chunks?.value);
  }

  /** The first piece of a streamed answer is here. */
  noteFirstChunk(): void {
    const timeToFirstChunk = (performance.now() - this.start) / 1000;
    this.add(() => ({ model: { timeToFirstChunk } }));
  }
}

class Collected implements ChunkSink {
  readonly keepsList = false;
  readonly collector: Collector;
  private readonly call: ModelCall;
  private isEmpty = true;

  constructor(collector: Collector, call: ModelCall) {
    this.collector = collector;
    this.call = call;
  }

  push(chunk: unknown): void {
    if (this.isEmpty) this.call.noteFirstChunk();
    this.isEmpty = false;
    this.call.guard(() => this.collector.push(asRecord(chunk)));
  }

  get value(): unknown {
    return this.isEmpty ? undefined : this;
  }
}

function parsed(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}

/** The status of the answer where there was one, else the class of the error (General attributes, `error.type`). */
function errorType(error: unknown): string {
  try {
    const { status } = asRecord(error);
    if (typeof status === 'number') return String(status);
  } catch {
    // A Proxy that refuses to say what it is.
  }
  return errorNameOf(error) ?? '_OTHER';
}
