/** How a row of docs/reliability.md is written down: the fault, what is promised, the tests, and what was measured. */
import type { TestReference } from '../compliance/claims.ts';

export interface FaultRow {
  /** Its figures are in `test/faults/figures/<id>.json`, if it has any. */
  readonly id: string;
  readonly fault: string;
  /** What must be true, with its numbers. */
  readonly promise: string;
  /** Tests that fail when the mechanism is removed. */
  readonly tests: readonly TestReference[];
  /** Why nothing is measured; there are no figures then. */
  readonly unmeasured?: string;
  /** Why opentelemetry-js has no figures beside ours. */
  readonly noUpstream?: string;
  readonly note?: string;
}

/** What one side did, by the name of the number, its unit in the name: `{ 'lost spans': 0, 'exit, ms': 212 }`. */
export type Figures = Readonly<Record<string, number | string>>;

/** One row's measurement, as the file has it. */
export interface Measurement {
  /** ISO 8601, to the minute. */
  readonly date: string;
  readonly machine: string;
  readonly node: string;
  /** Of the machine in the minute before, in processes; times of a loaded machine are too long. Absent: not noted. */
  readonly load?: number;
  /** What writes it anew. */
  readonly command: string;
  readonly spandrel: Figures;
  /** opentelemetry-js in the same harness; absent where it has nothing of the kind. */
  readonly upstream?: Figures;
}
