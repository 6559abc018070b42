/**
 * The `ot` entry of a trace state, `th:…;rv:…` and other sub-keys (Trace specification, "TraceState Handling").
 * Named after the key; `TraceState` is the whole list.
 */
import type { TraceState as ApiTraceState } from '@opentelemetry/api';
import { warnOnce } from '../diagnostics.ts';
import { formatThreshold, parseThreshold, randomnessOf, SAMPLE_NONE } from './sampling-threshold.ts';
import { TraceState } from './trace-state.ts';

const KEY = 'ot';
/** Longest entry, in characters (there, "Value"; W3C Trace Context, §3.3.1.3.2). */
const MAXIMUM_LENGTH = 256;
/** Lowercase only (there, "Sampling threshold value `th`", "Explicit randomness value `rv`"). */
const THRESHOLD = /^[0-9a-f]{1,14}$/;
const RANDOMNESS = /^[0-9a-f]{14}$/;
/** Any sub-key and its value (there, "Key", "Value"). */
const MEMBER = /^[a-z][a-z0-9]*:[A-Za-z0-9._-]*$/;

/** What the entry says. */
export interface OtTraceState {
  /** Of the `th` sub-key, negative if there is none. */
  readonly threshold: bigint;
  /** Explicit randomness: the 14 digits of the `rv` sub-key, which are passed on as they came. */
  readonly randomness: string | undefined;
  /** Further sub-keys with their values, as they came. */
  readonly others: readonly string[];
}

const EMPTY: OtTraceState = { threshold: SAMPLE_NONE, randomness: undefined, others: [] };

/**
 * Reads the entry. What breaks the grammar counts as absent, each sub-key by itself, and so does an entry over 256
 * characters; of a `th` or `rv` that comes twice the last counts. Takes time linear in the entry.
 */
export function readOtTraceState(traceState: ApiTraceState | undefined): OtTraceState {
  const entry = traceState?.get(KEY);
  if (entry === undefined || entry.length > MAXIMUM_LENGTH) return EMPTY;
  let threshold = SAMPLE_NONE;
  let randomness: string | undefined;
  const others: string[] = [];
  for (const member of entry.split(';')) {
    const value = member.slice(3);
    if (member.startsWith('th:')) {
      threshold = THRESHOLD.test(value) ? parseThreshold(value) : SAMPLE_NONE;
    } else if (member.startsWith('rv:')) {
      randomness = RANDOMNESS.test(value) ? value : undefined;
    } else if (MEMBER.test(member)) {
      others.push(member);
    }
  }
  return { threshold, randomness, others };
}

/**
 * `traceState` with this entry; without any when there is nothing to say. A threshold that would make the entry
 * longer than 256 characters is left out, with a warning: the span's probability is then unknown, which is true,
 * and what others wrote stays (there, "Setting values").
 */
export function writeOtTraceState(
  traceState: ApiTraceState | undefined,
  { threshold, randomness, others }: OtTraceState,
): ApiTraceState | undefined {
  const members = randomness === undefined ? [...others] : [`rv:${randomness}`, ...others];
  let entry = members.join(';');
  if (threshold >= 0n) {
    const complete = [`th:${formatThreshold(threshold)}`, ...members].join(';');
    if (complete.length <= MAXIMUM_LENGTH) entry = complete;
    else
      warnOnce(
        'ot-trace-state',
        `trace state: expected room for a sampling threshold in ot, got ${entry.length} of 256 characters taken ` +
          'by others; the threshold is left out.',
      );
  }
  const before = traceState?.get(KEY);
  if (before === (entry || undefined)) return traceState;
  return entry === '' ? traceState?.unset(KEY) : (traceState ?? new TraceState()).set(KEY, entry);
}

/** The randomness of a trace: explicit, else of its id; `undefined` if neither is valid. */
export function traceRandomness({ randomness }: OtTraceState, traceId: string): string | undefined {
  return randomness ?? randomnessOf(traceId);
}
