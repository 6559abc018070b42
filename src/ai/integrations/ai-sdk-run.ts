/** One call of a function of the AI SDK that is under way: its span and those inside it. */
import type { Context } from '@opentelemetry/api';
import { onEnd } from '../../init.ts';
import { type LibraryCall, MAX_OPEN } from './library-call.ts';

export class Run {
  readonly root: LibraryCall;
  /** Whether a model is asked for a stream. */
  readonly isStream: boolean;
  step: LibraryCall | undefined;
  model: LibraryCall | undefined;
  /** Tools and embeddings, of which several may be under way. */
  readonly parts = new Map<string, LibraryCall>();
  /** What is to be put in order, where content is captured. */
  documents: readonly unknown[] = [];

  constructor(root: LibraryCall, isStream: boolean) {
    this.root = root;
    this.isStream = isStream;
  }

  /** Where the next span of the call belongs. */
  get context(): Context {
    return (this.step ?? this.root).frame;
  }

  /** Ends what is open, from the inside out. */
  end(close: (call: LibraryCall) => void): void {
    for (const call of [...this.parts.values(), this.model, this.step, this.root]) {
      if (call !== undefined) close(call);
    }
  }
}

function abandon(run: Run | undefined): void {
  run?.end((call) => call.abandon(call.partial ?? null));
}

/** Calls that are under way, by the identifier that the SDK gives them. */
export class Runs {
  private readonly runs = new Map<string, Run>();

  constructor() {
    onEnd(() => {
      for (const run of [...this.runs.values()]) abandon(run);
    });
  }

  get(callId: unknown): Run | undefined {
    return this.runs.get(callId as string);
  }

  add(callId: string, run: Run): void {
    // Of a stream that was answered whole and never read, nothing tells.
    if (this.runs.size >= MAX_OPEN) abandon(this.runs.values().next().value);
    this.runs.set(callId, run);
    run.root.whenClosed = () => this.runs.delete(callId);
  }
}
