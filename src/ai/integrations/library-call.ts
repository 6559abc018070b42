/** Spans of what a library does: started by one of its events, ended by another, or by nobody. */
import { type Attributes, type Context, type Span, SpanKind } from '@opentelemetry/api';
import { describe } from '../../api/attributes.ts';
import { warnOnce } from '../../diagnostics.ts';
import { activeTracer, capturesContent } from '../../init.ts';
import type { PartialOutput } from '../chunks.ts';
import { OpenCall, type OutputCapture } from '../open-call.ts';
import { addFields, type OpenFields } from '../record.ts';
import { callFrame } from '../usage-claim.ts';

/** Calls of one integration that are open at the same time; at one more, the oldest is taken for abandoned. */
export const MAX_OPEN = 10_000;

/** How a call ended; `partial` and `abandoned` where nobody took the rest. */
export type Ending = 'finished' | 'failed' | 'partial' | 'abandoned';

/** A span of a library, and who is told when it has ended, however that came about. */
export class LibraryCall extends OpenCall {
  whenClosed: ((ending: Ending) => void) | null = null;
  /** What came so far of an answer that is streamed. */
  partial: PartialOutput | undefined;
  /** Where it was called from. */
  readonly outer: Context;

  constructor(span: Span, outer: Context, capture: OutputCapture | null) {
    super(span, callFrame(outer, span), capture);
    this.outer = outer;
  }

  override finish(result: unknown): void {
    this.closing('finished', () => super.finish(result));
  }

  override finishStream(chunks: unknown, isPartial: boolean): void {
    this.closing(isPartial ? 'partial' : 'finished', () => super.finishStream(chunks, isPartial));
  }

  override fail(error: unknown, partial?: PartialOutput | null): void {
    this.closing('failed', () => super.fail(error, partial));
  }

  override abandon(partial: PartialOutput | null): void {
    this.closing('abandoned', () => super.abandon(partial));
  }

  private closing(ending: Ending, close: () => void): void {
    if (!this.isOpen) return;
    close();
    this.whenClosed?.(ending);
  }
}

export interface LibrarySpan {
  readonly name: string;
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** Without content, for which see `addContent`. */
  readonly fields?: OpenFields;
}

/** How the pieces of a stream become what is captured, for `OpenCall`: they are text already. */
const PARTIAL_TEXT = { maxChunks: Number.POSITIVE_INFINITY };

/**
 * Starts the span of something that a library does. Usage is reported by the innermost span that knows it
 * (usage-claim.ts).
 */
export function openCall(parent: Context, { name, kind, attributes, fields }: LibrarySpan): LibraryCall {
  const isModel = fields?.type === 'model' || fields?.type === 'embedding';
  const span = activeTracer().startSpan(
    name,
    { kind: kind ?? (isModel ? SpanKind.CLIENT : SpanKind.INTERNAL), attributes },
    parent,
  );
  if (fields !== undefined && span.isRecording()) addFields(span, fields);
  const capture = span.isRecording() && capturesContent() ? PARTIAL_TEXT : null;
  return new LibraryCall(span, parent, capture);
}

/** Adds content to a call, where it is captured: `make` does not run where it is not. */
export function addContent(call: OpenCall, make: () => OpenFields): void {
  if (call.capture !== null && call.isOpen) addFields(call.span, make());
}

/** Adds what is no content. */
export function addKnown(call: OpenCall, fields: OpenFields): void {
  if (call.isOpen && call.span.isRecording()) addFields(call.span, fields);
}

/** A listener for events of a library that never throws at it; what it cannot read is said once. */
export function listener<Args extends unknown[]>(
  library: string,
  listen: (...args: Args) => void,
): (...args: Args) => void {
  return (...args) => {
    try {
      listen(...args);
    } catch (error) {
      warnOnce(
        `integration-${library}`,
        `${library}: an event cannot be traced: ${describe(error)}; its span may be missing or incomplete.`,
      );
    }
  };
}
