/** A traced call that is under way: its span, and how it ends, once. */
import { type Context, type Exception, type Span, SpanStatusCode } from '@opentelemetry/api';
import { describe, hasMessage, messageOf } from '../api/attributes.ts';
import { readContent } from '../api/capture-content.ts';
import type { SpanFrame } from '../api/context.ts';
import { pendingContent } from './lazy.ts';
import { addFields } from './record.ts';

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
/** Set where nobody ever took the rest of a result: the stream was let go of, or the program ended first. */
const ABANDONED = 'spandrel.abandoned';

export class OpenCall {
  readonly span: Span;
  /** The context with the span in it, for what belongs to the call. */
  readonly frame: SpanFrame;
  /** The context of the caller. */
  readonly outer: Context;
  /** `null`: no output is captured. */
  readonly capture: OutputCapture | null;
  isOpen = true;
  /** Ends the call when nobody else will; set while a stream is followed. */
  onEnd: (() => void) | null = null;

  constructor(span: Span, frame: SpanFrame, outer: Context, capture: OutputCapture | null) {
    this.span = span;
    this.frame = frame;
    this.outer = outer;
    this.capture = capture;
  }

  /** Ends with a result. */
  finish(result: unknown): void {
    if (!this.close()) return;
    if (this.capture !== null) this.setOutput(this.capture.output, result);
    this.span.end();
  }

  /** Ends with the pieces of a stream. */
  finishStream(chunks: unknown, isPartial: boolean): void {
    if (!this.close()) return;
    this.setChunks(chunks, isPartial);
    this.span.end();
  }

  /** Ends with what was thrown, and with the pieces that came before it. */
  fail(error: unknown, chunks?: unknown): void {
    if (!this.close()) return;
    if (chunks !== undefined) this.setChunks(chunks, true);
    const { span } = this;
    span.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
    span.recordException(readableError(error));
    addFields(span, { error: messageOf(error) });
    span.end();
  }

  /** Ends because nobody will take the rest. */
  abandon(chunks: unknown): void {
    if (!this.close()) return;
    this.setChunks(chunks, true);
    this.span.setAttribute(ABANDONED, true);
    this.span.end();
  }

  private close(): boolean {
    const { isOpen } = this;
    this.isOpen = false;
    if (isOpen) this.onEnd?.();
    return isOpen;
  }

  private setChunks(chunks: unknown, isPartial: boolean): void {
    if (isPartial) this.span.setAttribute(PARTIAL, true);
    if (this.capture === null || chunks === undefined) return;
    const { aggregate } = this.capture;
    this.setOutput(aggregate as ((result: unknown) => unknown) | undefined, chunks);
  }

  private setOutput(make: ((result: unknown) => unknown) | undefined, result: unknown): void {
    const { span } = this;
    const outputs = readContent(span, result, (value) => pendingContent(madeOf(make, value)));
    if (outputs !== undefined) addFields(span, { outputs });
  }
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
