/** @module Results of experiments that nobody ran, for the views of them. */

import type {
  ExperimentResult,
  ItemResult,
  MetricComparison,
  MetricSummary,
  ProgressEvent,
} from '../../src/experiments/result.ts';

export function metric(over: Partial<MetricSummary> = {}): MetricSummary {
  return {
    name: 'exact',
    count: 3,
    errors: 0,
    mean: 0.5,
    standardDeviation: 0.25,
    min: 0,
    max: 1,
    p50: 0.5,
    p90: 0.9,
    p95: 0.95,
    p99: 0.99,
    ...over,
  };
}

export function comparison(over: Partial<MetricComparison> = {}): MetricComparison {
  return {
    name: 'exact',
    pairs: 3,
    baselineMean: 0.4,
    mean: 0.5,
    difference: 0.1,
    interval: { low: 0.05, high: 0.15, confidence: 0.95 },
    wins: 2,
    ties: 1,
    losses: 0,
    moved: [],
    ...over,
  };
}

export function item(over: Partial<ItemResult> = {}): ItemResult {
  return {
    id: '0',
    index: 0,
    repetition: 0,
    row: { inputs: 'question' },
    status: 'ok',
    output: 'answer',
    scores: [],
    durationMs: 12.5,
    attempts: 1,
    traceId: null,
    spanId: null,
    cached: false,
    startTime: '2026-01-02T03:04:05.000Z',
    ...over,
  };
}

/** A result whose counts are those of its items. */
export function experiment(over: Partial<ExperimentResult> = {}, items: ItemResult[] = []): ExperimentResult {
  const counted = (status: string) => items.filter((one) => one.status === status).length;
  return {
    name: 'capitals',
    runId: 'run-1',
    startTime: '2026-01-02T03:04:05.000Z',
    durationMs: 8_200,
    counts: {
      total: items.length,
      ok: counted('ok'),
      error: counted('error'),
      timeout: counted('timeout'),
      aborted: counted('aborted'),
      cached: items.filter(({ cached }) => cached).length,
    },
    metrics: [],
    runScores: [],
    file: null,
    async *items() {
      yield* items;
    },
    ...over,
  };
}

export function progress(over: Partial<ProgressEvent> = {}): ProgressEvent {
  return {
    done: 0,
    total: 100,
    running: 0,
    concurrency: 10,
    errors: 0,
    cached: 0,
    cost: 0,
    elapsedMs: 0,
    ...over,
  };
}
