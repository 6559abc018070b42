/** @module `spandrel/testing`: the spans of one function, and matchers for them. */

export { type CaptureOptions, captureTraces } from './testing/capture.ts';
export type { CapturedEvent, CapturedSpan } from './testing/captured-span.ts';
export type { CapturedTraces, Missing } from './testing/captured-traces.ts';
export {
  assertFewerTokensThan,
  assertNoErrors,
  assertSpan,
  matchers,
  type TraceMatchers,
} from './testing/matchers.ts';
export type { ExpectedSpan, Verdict } from './testing/matching.ts';
