/** A traced call that is under way: its span, and how it ends, once. */
import { type Exception, type Span, SpanStatusCode } from '@opentelemetry/api';
import { describe, hasMessage, messageOf } from '../api/attributes.ts';
import { readContent } from '../api/capture-content.ts';
import type { SpanFrame } from '../api/context.ts';
import { warn } from '../diagnostics.ts';
import { type ChunkSink, Chunks, type PartialOutput } from './chunks.ts';
import { pendingContent } from './lazy.ts';
import { addFields, capturesErrorsOf, hasOutputs } from './record.ts';
import { claimOf } from './usage-claim.ts';

/** What of a call's result is captured, and how. */
export interface OutputCapture {
  /** Makes what is captured of the result. Default: the result itself. */
  readonly output?: (result: unknown) => unknown;
  /** Makes what is captured of the pieces of a stream. Default: text of strings, else a list. */
  readonly aggregate?: (chunks: unknown[]) => unknown;
  /** Pieces that are kept for it. */
  readonly maxChunks: number;
}

/** Set where a result did not come to its end: the consumer of a stream stopped, or it failed on the way. */
const PARTIAL = 'spandrel.output.partial';
/** Set where the call failed because it was aborted, by an `AbortSignal`. */
const ABORTED = 'spandrel.aborted';
/** Set where nobody ever took the rest of a result: the stream was let go of, or the program ended first. */
const ABANDONED = 'spandrel.abandoned';

export class OpenCall {
  readonly span: Span;
  /** The context with the span in it, for what belongs to the call. */
  readonly frame: SpanFrame;
  /** `null`: no output is captured. */
  readonly capture: OutputCapture | null;
  isOpen = true;
  /** Ends the call when nobody else will; set while a stream is followed. */
  onEnd: (() => void) | null = null;

  constructor(span: Span, frame: SpanFrame, capture: OutputCapture | null) {
    this.span = span;
    this.frame = frame;
    this.capture = capture;
  }

  /** Ends with a result. */
  finish(result: unknown): void {
    if (!this.close()) return;
    guarded(() => {
      this.captureResult(result);
      this.end();
    });
  }

  /** Ends with the pieces of a stream, or with what it returned in the end. */
  finishStream(result: unknown, isPartial: boolean): void {
    if (!this.close()) return;
    guarded(() => {
      this.setResult(result, isPartial);
      this.end();
    });
  }

  /** Ends with what was thrown, and with the pieces that came before it; `undefined` where there can be none. */
  fail(error: unknown, partial?: PartialOutput | null): void {
    if (!this.close()) return;
    guarded(() => {
      const { span } = this;
      if (partial !== undefined) this.setResult(partial?.value, true);
      if (isAbort(error)) span.setAttribute(ABORTED, true);
      recordError(span, error, this.errorTypeOf(error));
      this.end();
    });
  }

  /** Ends because nobody will take the rest. */
  abandon(partial: PartialOutput | null): void {
    if (!this.close()) return;
    guarded(() => {
      this.setResult(partial?.value, true);
      this.span.setAttribute(ABANDONED, true);
      this.end();
    });
  }

  /** What keeps the pieces of a stream as they come by; `null` where none are wanted. */
  newChunks(): ChunkSink | null {
    return this.capture === null
      ? null
      : new Chunks(this.capture.maxChunks, this.capture.aggregate !== undefined);
  }

  protected captureResult(result: unknown): void {
    if (this.capture !== null) this.setOutput(this.capture.output, result);
  }

  protected captureChunks(chunks: unknown): void {
    if (this.capture === null || chunks === undefined) return;
    this.setOutput(this.capture.aggregate as ((result: unknown) => unknown) | undefined, chunks);
  }

  protected errorTypeOf(error: unknown): string {
    // Semantic conventions, `error.type`.
    return errorNameOf(error) ?? '_OTHER';
  }

  private end(): void {
    claimOf(this.frame)?.settle(this.span);
    this.span.end();
  }

  private close(): boolean {
    const { isOpen } = this;
    this.isOpen = false;
    if (isOpen && this.onEnd !== null) this.onEnd();
    return isOpen;
  }

  private setResult(result: unknown, isPartial: boolean): void {
    if (isPartial) this.span.setAttribute(PARTIAL, true);
    this.captureChunks(result);
  }

  private setOutput(make: ((result: unknown) => unknown) | undefined, result: unknown): void {
    const { span } = this;
    if (hasOutputs(span)) return;
    const outputs = readContent(span, result, (value) => pendingContent(madeOf(make, value)));
    if (outputs !== undefined) addFields(span, { outputs });
  }
}

/** Runs what writes to a span: one of another SDK may throw, which is not for the program that is traced. */
export function guarded(write: () => void): void {
  try {
    write();
  } catch (error) {
    warn('traced-call', `a span could not be written to: ${messageOf(error)}; the traced function goes on.`);
  }
}

function recordError(span: Span, error: unknown, errorType: string): void {
  if (capturesErrorsOf(span)) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
    span.recordException(readableError(error));
    addFields(span, { error: messageOf(error), errorType });
    return;
  }
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.recordException({ name: errorNameOf(error) ?? typeof error });
  addFields(span, { errorType });
}

/** What `AbortSignal` gives as its reason, unless the program gave another. */
function isAbort(error: unknown): boolean {
  return errorNameOf(error) === 'AbortError';
}

/** What a program wants captured instead of a value. */
export function madeOf(make: ((value: unknown) => unknown) | undefined, value: unknown): unknown {
  if (make === undefined) return value;
  try {
    return make(value);
  } catch (error) {
    return `[Unreadable: ${describe(error)}]`;
  }
}

/** What is thrown may be anything: with a message it says what happened, as text it says as much as it can. */
function readableError(error: unknown): Exception {
  return hasMessage(error) ? error : describe(error);
}

/** The name of the class of what was thrown; `undefined` where it has none. */
export function errorNameOf(error: unknown): string | undefined {
  try {
    const { name, constructor: made } = error as { name?: unknown; constructor?: { name?: unknown } };
    if (typeof name !== 'string' || name === '') return undefined;
    // Clients of models, as others, leave `name` as it is for errors of their own classes.
    const own = name === 'Error' ? made?.name : name;
    return typeof own === 'string' && own !== '' ? own : name;
  } catch {
    return undefined;
  }
}
