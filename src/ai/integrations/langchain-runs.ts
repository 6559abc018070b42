/** Runs of LangChain that are under way, by the identifiers that its callbacks carry. */
import type { Context, Span } from '@opentelemetry/api';
import { activeContext, attachContext, SwitchedFrame, spanOf } from '../../api/context.ts';
import type { PartialOutput } from '../chunks.ts';
import { keepOpen } from '../open-calls.ts';
import { type LibraryCall, type LibrarySpan, MAX_OPEN, openCall } from './library-call.ts';

/** A run, or one that is hidden: what is inside it belongs to what is around it. */
interface Run {
  readonly call: LibraryCall;
  readonly isHidden: boolean;
}

/** Told of a run by LangChain. */
export interface RunEvent {
  readonly runId: string;
  readonly parentRunId: string | undefined;
  /** The object that LangChain hands over with every event of the run, and keeps as long as there may be one. */
  readonly tags: unknown;
}

/** Tags of runs that LangChain and LangGraph make for themselves. */
const HIDDEN = 'langsmith:hidden';

/** Where a run was started, by its span. */
const outside = new WeakMap<Span, { call: LibraryCall; isModel: boolean }>();

export class LangChainRuns {
  private readonly runs = new Map<string, Run>();

  /** Starts a run; `undefined` for one that is hidden. */
  start({ runId, parentRunId, tags }: RunEvent, span: LibrarySpan): LibraryCall | undefined {
    const parent = this.runs.get(parentRunId ?? '');
    if (this.runs.size >= MAX_OPEN) this.forgetOldest();
    // Runs inside inherit the tag: a model or a tool is shown all the same.
    const isHidden = span.fields?.type === 'chain' && Array.isArray(tags) && tags.includes(HIDDEN);
    if (parent !== undefined && isHidden) {
      this.runs.set(runId, { call: parent.call, isHidden: true });
      return undefined;
    }
    const call = openCall(parent?.call.frame ?? outerContext(), span);
    outside.set(call.span, { call, isModel: span.fields?.type === 'model' });
    this.runs.set(runId, { call, isHidden: false });
    // Of a stream that is not read to its end LangChain tells nothing.
    if (typeof tags === 'object' && tags !== null) keepOpen(tags, call, partialOf(call));
    this.enter(call, runId);
    return call;
  }

  /**
   * LangChain awaits this event in the function that goes on with the run, so what that calls is inside the run. Its caller
   * may have the same context: what it does in this turn, and after the run, is outside.
   */
  private enter(call: LibraryCall, runId: string): void {
    const frame = new SwitchedFrame(call.outer, call.frame);
    if (attachContext(frame) !== undefined) queueMicrotask(() => frame.switch(call.isOpen));
    call.whenClosed = () => {
      this.runs.delete(runId);
      frame.switch(false);
    };
  }

  private forgetOldest(): void {
    for (const [runId, { call, isHidden }] of this.runs) {
      this.runs.delete(runId);
      if (!isHidden) call.abandon(call.partial ?? null);
      return;
    }
  }

  get(runId: string): LibraryCall | undefined {
    const run = this.runs.get(runId);
    return run?.isHidden === false ? run.call : undefined;
  }

  /** The run, which is over; `undefined` for one that is hidden. */
  take(runId: string): LibraryCall | undefined {
    const call = this.get(runId);
    this.runs.delete(runId);
    return call;
  }
}

/** What has come of a run at the moment of asking. */
function partialOf(call: LibraryCall): PartialOutput {
  return {
    get value() {
      return call.partial?.value;
    },
  };
}

/**
 * The context of a run that has no parent among the runs. A run is inside another only while that is open, and never
 * inside the call of a model: those of a batch are started one after the other.
 */
function outerContext(): Context {
  let context = activeContext();
  for (;;) {
    const span = spanOf(context);
    const around = span && outside.get(span);
    if (around === undefined || (around.call.isOpen && !around.isModel)) return context;
    context = around.call.outer;
  }
}
