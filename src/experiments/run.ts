/** One run, from its first row to its result. */

import { warn } from '../diagnostics.ts';
import { flush } from '../init.ts';
import { OpenAttempts } from './attempt.ts';
import { OutputCache } from './cache.ts';
import { compareRuns, numbersOf } from './compare.ts';
import { AutoLimit, type ConcurrencyLimit, FixedLimit } from './concurrency.ts';
import { type OpenData, openData } from './data.ts';
import { itemErrorOf, messageFor } from './errors.ts';
import { gateFailures } from './gate.ts';
import { type ItemPlan, runItem } from './item.ts';
import { type Entry, keyOf } from './items.ts';
import { namedEvaluators } from './judge.ts';
import { Metrics } from './metrics.ts';
import type { EvaluateOptions } from './options.ts';
import { runPool } from './pool.ts';
import { readExperiment } from './read-experiment.ts';
import { Reporter } from './reporter.ts';
import type { ExperimentResult, ItemResult, Score } from './result.ts';
import { entriesOf } from './rows.ts';
import { judgementsOf } from './scores.ts';
import type { RunSettings } from './settings.ts';
import { listenForStop } from './stop-signals.ts';
import { openStorage, type Storage } from './storage.ts';
import { watchSpans } from './watched-tracer.ts';

/** Time given to the spans at the end of a run, in milliseconds; what is left then goes the usual way. */
const FLUSH_MILLIS = 10_000;
/** As shells report a program that SIGINT ended. */
const INTERRUPTED = 130;

export class Run {
  private readonly options: EvaluateOptions<never>;
  private readonly settings: RunSettings;
  private readonly attempts = new OpenAttempts();
  private readonly metrics = new Metrics();
  private readonly limit: ConcurrencyLimit;
  private readonly state = { running: 0 };
  private readonly started = performance.now();

  constructor(options: EvaluateOptions<never>, settings: RunSettings) {
    this.options = options;
    this.settings = settings;
    this.limit = settings.concurrency === 'auto' ? new AutoLimit() : new FixedLimit(settings.concurrency);
  }

  /** @param onStorage - gets the log of rows as soon as there is one. */
  async complete(onStorage: (storage: Storage) => void): Promise<ExperimentResult> {
    const { options, settings } = this;
    const evaluators = namedEvaluators(options.evaluators);
    const data = await openData(options.data);
    const baseline = await this.openBaseline();
    const { resume = false, metadata } = options;
    const onItem = (item: ItemResult): void => this.metrics.add(item);
    const storage = await openStorage({ ...settings, resume, metadata, onItem });
    onStorage(storage);
    const reporter = await Reporter.open(settings, (running) => this.progress(running, data));
    let result: ExperimentResult | null = null;
    try {
      await this.runItems(this.planOf(storage, evaluators), data, storage, reporter);
      await flush(FLUSH_MILLIS);
      result = await this.resultOf(storage, baseline);
      this.applyGate(result);
      return result;
    } catch (fault) {
      throw this.explain(fault, storage);
    } finally {
      storage.journal?.close();
      reporter.end(result);
    }
  }

  private async openBaseline(): Promise<ExperimentResult | undefined> {
    const { baseline } = this.options;
    if (typeof baseline !== 'string') return baseline;
    return readExperiment(baseline, this.settings.directory ?? undefined);
  }

  private planOf({ run }: Storage, evaluators: ItemPlan['evaluators']): ItemPlan {
    const { taskName, timeoutMs, retries, retryable, directory } = this.settings;
    const { task, cache: isCached, version, config } = this.options;
    const key = [taskName, version ?? String(task), config];
    const cache = isCached === true && directory !== null ? new OutputCache(`${directory}/cache`, key) : null;
    const { attempts, limit } = this;
    const { name, runId } = run;
    return { name, runId, task, taskName, evaluators, timeoutMs, retries, retryable, cache, attempts, limit };
  }

  private async runItems(
    plan: ItemPlan,
    data: OpenData,
    storage: Storage,
    reporter: Reporter,
  ): Promise<void> {
    const stopWatching = watchSpans();
    const stopListening = listenForStop(this.options.signal, {
      onStop: (reason) => this.attempts.stop(reason),
      onInterrupt: () => {
        process.exitCode = INTERRUPTED;
        const { total } = this.metrics.counts;
        const { runId } = storage.run;
        warn(
          'experiment-interrupt',
          `stopping; ${total} items are done. resume: '${runId}' goes on. Again to end at once.`,
        );
      },
    });
    let seen = 0;
    const finish = (item: ItemResult): void => {
      this.metrics.add(item);
      storage.log.append(item);
      reporter.update(item);
    };
    const skip = (entry: Entry): boolean => storage.done.has(keyOf(entry));
    const source = pending(entriesOf(data.values, this.settings.repetitions), skip, () => {
      seen += 1;
    });
    try {
      await runPool({
        source,
        limit: this.limit,
        state: this.state,
        run: async (entry) => finish(await runItem(plan, entry)),
        isStopped: () => this.attempts.isStopped,
      });
      if (seen === 0 && !this.attempts.isStopped)
        warn('experiment-empty', `${plan.name}: expected at least one row, got none from ${data.name}.`);
    } finally {
      stopListening();
      stopWatching();
      if (this.attempts.isStopped) void source.return();
    }
  }

  private async resultOf(
    storage: Storage,
    baseline: ExperimentResult | undefined,
  ): Promise<ExperimentResult> {
    const { run, log, journal } = storage;
    const { counts } = this.metrics;
    const { name, runId, startTime, metadata } = run;
    const result: ExperimentResult = {
      name,
      runId,
      startTime,
      durationMs: performance.now() - this.started,
      counts,
      metrics: this.metrics.summaries(),
      runScores: [],
      metadata: this.options.metadata ?? metadata,
      file: journal?.path ?? null,
      items: () => log.read(),
    };
    if (this.attempts.isStopped) result.interrupted = true;
    else journal?.append({ kind: 'end', durationMs: result.durationMs });
    if (journal !== null && log.unwritten > 0) result.unwritten = log.unwritten;
    result.runScores = await this.judgeRun(result);
    if (baseline === undefined) return result;
    const numbers = await numbersOf(baseline.items());
    const metrics = await compareRuns(log.read(), numbers, this.settings);
    result.baseline = { name: baseline.name, runId: baseline.runId, metrics };
    return result;
  }

  private async judgeRun(result: ExperimentResult): Promise<Score[]> {
    const scores: Score[] = [];
    for (const [name, evaluate] of this.settings.runEvaluators) {
      const started = performance.now();
      const kept = (given: Omit<Score, 'durationMs' | 'spanId'>): number =>
        scores.push({ ...given, durationMs: performance.now() - started, spanId: null });
      try {
        judgementsOf(await evaluate({ result, items: result.items }), name, true).forEach(kept);
      } catch (error) {
        kept({ name, value: null, error: itemErrorOf(error) });
      }
    }
    return scores;
  }

  private applyGate(result: ExperimentResult): void {
    const { failOn } = this.options;
    if (failOn === undefined) return;
    const failures = gateFailures(failOn, result, this.settings.lowerIsBetter);
    result.gate = { passed: failures.length === 0, failures };
    if (failures.length > 0) process.exitCode ||= 1;
  }

  private progress(item: ItemResult | undefined, { count }: OpenData) {
    const { counts, errors, cost } = this.metrics;
    const total = count === null ? null : Math.max(count * this.settings.repetitions, counts.total);
    const elapsedMs = performance.now() - this.started;
    const { total: done, cached } = counts;
    const { running } = this.state;
    return { done, total, running, concurrency: this.limit.current, errors, cached, cost, elapsedMs, item };
  }

  /** What ended the run early, and where its rows are. */
  private explain(fault: unknown, { run, journal }: Storage): Error {
    const { total } = this.metrics.counts;
    const kept =
      journal === null
        ? ''
        : `; ${total} items are done and kept in ${journal.path}; resume: '${run.runId}' goes on.`;
    return new Error(`${run.name}: the run ended early: ${messageFor(fault)}${kept}`, { cause: fault });
  }
}

/** The entries that are to be done. */
async function* pending(
  entries: AsyncGenerator<Entry, void>,
  skip: (entry: Entry) => boolean,
  onEntry: () => void,
): AsyncGenerator<Entry, void> {
  for await (const entry of entries) {
    onEntry();
    if (!skip(entry)) yield entry;
  }
}
