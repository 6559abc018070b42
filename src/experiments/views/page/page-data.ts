/** @module What a report carries for its page: text where the page only shows it, numbers where it counts. */
import type {
  ExperimentResult,
  GateFailure,
  ItemStatus,
  MetricComparison,
  MetricSummary,
  Score,
} from '../../result.ts';

/** All but the rows. */
export interface PageHead {
  readonly name: string;
  readonly runId: string;
  readonly startTime: string;
  readonly durationMs: number;
  readonly counts: ExperimentResult['counts'];
  readonly metrics: readonly MetricSummary[];
  readonly runScores: readonly PageScore[];
  readonly baseline?: { readonly name: string; readonly runId: string; readonly metrics: MetricComparison[] };
  readonly gate?: { readonly passed: boolean; readonly failures: GateFailure[] };
  readonly metadata?: string;
}

export type PageScore = Pick<Score, 'name' | 'value' | 'label' | 'explanation' | 'passed' | 'durationMs'> & {
  readonly error?: string;
};

/** One row. */
export interface PageItem {
  readonly id: string;
  readonly repetition: number;
  readonly status: ItemStatus;
  readonly inputs: string;
  readonly expected?: string;
  readonly output?: string;
  readonly error?: string;
  readonly scores: readonly PageScore[];
  readonly durationMs: number;
  readonly attempts: number;
  readonly cached: boolean;
  readonly startTime: string;
  readonly traceId: string | null;
  readonly usage?: { readonly inputTokens: number; readonly outputTokens: number; readonly cost: number };
  readonly spans: readonly PageSpan[];
  /** Spans that the report leaves out. */
  readonly spansLeftOut: number;
  /** The same item's numbers in the baseline, by metric. */
  readonly baseline?: Readonly<Record<string, number>>;
}

/** One line of a waterfall, parents before their children. */
export interface PageSpan {
  readonly name: string;
  readonly depth: number;
  readonly startMs: number;
  readonly durationMs: number;
  readonly error: boolean;
  readonly attributes?: string;
}
