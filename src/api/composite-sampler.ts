/** @module A sampler made of composable ones (Trace SDK specification, "CompositeSampler"). */

import { type TraceState as ApiTraceState, trace } from '@opentelemetry/api';
import { warn } from '../diagnostics.ts';
import { describe } from './attributes.ts';
import { composableOrOff } from './composable-always-on-off-sampler.ts';
import type { ComposableSampler, SamplingIntent } from './composable-sampler.ts';
import { type OtTraceState, readOtTraceState, traceRandomness, writeOtTraceState } from './ot-trace-state.ts';
import { refusePromise } from './refuse-promise.ts';
import { type Sampler, SamplingDecision, type SamplingQuestion, type SamplingResult } from './sampling.ts';
import { isAtLeast, newRandomness, SAMPLE_NONE } from './sampling-threshold.ts';
import { TraceState } from './trace-state.ts';

class CompositeSampler implements Sampler {
  private readonly delegate: ComposableSampler;

  constructor(delegate: ComposableSampler) {
    this.delegate = delegate;
  }

  shouldSample(...question: SamplingQuestion): SamplingResult {
    try {
      return decide(readIntent(this.delegate.getSamplingIntent(...question)), question);
    } catch (error) {
      warn(
        'composable-sampler',
        `the composable sampler failed: ${describe(error)}. The span is not recorded.`,
      );
      return { decision: SamplingDecision.NOT_RECORD };
    }
  }

  toString(): string {
    return String(this.delegate);
  }
}

function decide(intent: SamplingIntent, [context, traceId]: SamplingQuestion): SamplingResult {
  const parentState = trace.getSpanContext(context)?.traceState;
  const state = readOtTraceState(parentState);
  const sampled = isSampled(intent, state, traceId);
  const traceState = writeOtTraceState(updated(parentState, intent), {
    ...state,
    threshold: sampled && intent.thresholdReliable ? intent.threshold : SAMPLE_NONE,
  });
  return sampled
    ? { decision: SamplingDecision.RECORD_AND_SAMPLED, attributes: intent.attributes, traceState }
    : { decision: SamplingDecision.NOT_RECORD, traceState };
}

/**
 * New randomness where the threshold is not reliable: the threshold may then depend on the randomness of the trace, by
 * way of a parent's flag (Trace SDK specification, "CompositeSampler"). opentelemetry-js 0.222 takes that of the trace.
 */
function isSampled(intent: SamplingIntent, state: OtTraceState, traceId: string): boolean {
  const randomness = intent.thresholdReliable ? traceRandomness(state, traceId) : newRandomness();
  return randomness !== undefined && isAtLeast(randomness, intent.threshold);
}

/** The parent's trace state as the intent wants it. One that was cleared is empty: `undefined` means the parent's. */
function updated(parentState: ApiTraceState | undefined, intent: SamplingIntent): ApiTraceState | undefined {
  if (intent.updateTraceState === undefined) return parentState;
  const state = intent.updateTraceState(parentState ?? new TraceState()) ?? new TraceState();
  refusePromise(state, 'updateTraceState');
  return state;
}

/** The members of an intent, each read once. */
function readIntent(intent: SamplingIntent): SamplingIntent {
  refusePromise(intent, 'getSamplingIntent');
  const { threshold, thresholdReliable, attributes, updateTraceState } = intent;
  refusePromise(threshold, 'getSamplingIntent for the threshold');
  if (typeof threshold === 'bigint') return { threshold, thresholdReliable, attributes, updateTraceState };
  throw new TypeError(
    `expected a sampling intent with a threshold of type bigint, got ${describe(threshold)}`,
  );
}

/**
 * A sampler that decides by a composable one and keeps the `ot` entry of the trace state.
 *
 * A span is sampled when the randomness of its trace is at least the threshold intended: the `rv` of the parent's
 * trace state if there is one, else the last 56 bits of the trace id, which are presumed random whatever the trace
 * flags say. A threshold that is reliable is handed on as `th` by spans that are sampled; every other span hands on
 * none. `rv` and unknown sub-keys are handed on as they came.
 *
 * Never throws: if the composable sampler does, or its answer is no intent, the span is not recorded, with a warning.
 *
 * @param delegate - without one nothing is sampled, and a warning says so.
 */
export function createCompositeSampler(delegate: ComposableSampler): Sampler {
  return new CompositeSampler(composableOrOff(delegate, 'createCompositeSampler'));
}
