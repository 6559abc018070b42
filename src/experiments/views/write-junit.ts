/**
 * @module An experiment in the form that build servers read test results in: JUnit's XML, as the schemas of Apache Ant
 * and of Jenkins both have it.
 */
import { hostname } from 'node:os';
import type { ExperimentResult, ItemResult, Score } from '../result.ts';
import { escapeAttribute, escapeMarkup } from './escape-markup.ts';
import { writeWholeFile } from './write-whole-file.ts';

/** Longest text of a failure, in UTF-16 units. */
const TEXT_UNITS = 10_000;
const NAME_UNITS = 500;

interface TestCase {
  readonly name: string;
  readonly millis: number;
  /** `error`: it could not be judged. `failure`: it was, and is not good enough. */
  readonly problem?: { readonly kind: 'error' | 'failure'; readonly type: string; readonly text: string };
}

/** A suite and the cases of it that an item has. */
interface Suite {
  readonly name: string;
  readonly casesOf: (item: ItemResult) => readonly TestCase[];
  /** Cases that are no item's. */
  readonly cases: readonly TestCase[];
}

interface Counts {
  tests: number;
  failures: number;
  errors: number;
  millis: number;
}

/**
 * Writes a run as JUnit XML: a suite `task` with a case for each item, a suite for each evaluator with a case for each
 * item that it judged, which fails where it said `passed: false`, and the suites `run` and `gate` where there are scores
 * of the run and a gate. Rows are read once and once more for each suite, and never held.
 *
 * @param path - overwritten when it is there; its folder is made.
 * @throws Error that names the file when it cannot be written, or the rows cannot be read.
 */
export async function writeJUnit(result: ExperimentResult, path: string): Promise<void> {
  await writeWholeFile(path, junitPieces(result));
}

async function* junitPieces(result: ExperimentResult): AsyncGenerator<string> {
  const names = new Set<string>();
  for await (const { scores } of result.items()) for (const { name } of scores) names.add(name);
  yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n';
  let place = 0;
  for (const suite of suitesOf(result, names)) {
    const counts: Counts = { tests: 0, failures: 0, errors: 0, millis: 0 };
    for await (const one of casesOf(suite, result)) count(counts, one);
    yield suiteStart(result, suite.name, place++, counts);
    for await (const one of casesOf(suite, result)) yield caseElement(result.name, suite.name, one);
    yield '<system-out></system-out><system-err></system-err>\n</testsuite>\n';
  }
  yield '</testsuites>\n';
}

function suitesOf({ runScores, gate }: ExperimentResult, names: ReadonlySet<string>): Suite[] {
  const none = () => [];
  const suites: Suite[] = [{ name: 'task', casesOf: (item) => [taskCase(item)], cases: [] }];
  for (const name of names) {
    const casesOf = (item: ItemResult) =>
      item.scores.filter((score) => score.name === name).map((score) => scoreCase(titleOf(item), score));
    suites.push({ name, casesOf, cases: [] });
  }
  if (runScores.length > 0) {
    suites.push({
      name: 'run',
      casesOf: none,
      cases: runScores.map((score) => scoreCase(score.name, score)),
    });
  }
  if (gate === undefined) return suites;
  const failures = gate.failures.map(({ metric, rule, message }): TestCase => {
    return { name: `${metric}: ${rule}`, millis: 0, problem: { kind: 'failure', type: rule, text: message } };
  });
  const passed: TestCase = { name: 'all rules hold', millis: 0 };
  suites.push({ name: 'gate', casesOf: none, cases: failures.length > 0 ? failures : [passed] });
  return suites;
}

async function* casesOf({ casesOf, cases }: Suite, result: ExperimentResult): AsyncGenerator<TestCase> {
  yield* cases;
  if (cases.length > 0) return;
  for await (const item of result.items()) yield* casesOf(item);
}

function titleOf({ id, repetition }: ItemResult): string {
  return repetition > 0 ? `${id} (${repetition})` : id;
}

function taskCase(item: ItemResult): TestCase {
  const { status, error, durationMs } = item;
  const base = { name: titleOf(item), millis: durationMs };
  if (status === 'ok') return base;
  const text = error?.stack ?? error?.message ?? status;
  return { ...base, problem: { kind: 'error', type: error?.name ?? status, text } };
}

function scoreCase(name: string, { value, label, explanation, passed, error, durationMs }: Score): TestCase {
  if (error !== undefined) {
    const text = error.stack ?? error.message;
    return { name, millis: durationMs, problem: { kind: 'error', type: error.name, text } };
  }
  if (passed !== false) return { name, millis: durationMs };
  const parts = [`got ${String(value)}`, label, explanation].filter((part) => part !== undefined);
  return { name, millis: durationMs, problem: { kind: 'failure', type: 'score', text: parts.join('\n') } };
}

function count(counts: Counts, { millis, problem }: TestCase): void {
  counts.tests += 1;
  counts.millis += millis;
  if (problem?.kind === 'failure') counts.failures += 1;
  if (problem?.kind === 'error') counts.errors += 1;
}

/** A name that a schema accepts: something, in one line. */
function nameAttribute(text: string): string {
  return escapeAttribute(text.slice(0, NAME_UNITS)).trim() || '(no name)';
}

/** Seconds, as a decimal without an exponent, which `toFixed` has from 1e21 on. */
function seconds(millis: number): string {
  return Number.isFinite(millis) ? Math.min(Math.max(0, millis / 1_000), 1e15).toFixed(6) : '0';
}

function suiteStart(result: ExperimentResult, name: string, place: number, counts: Counts): string {
  const { tests, failures, errors, millis } = counts;
  const attributes = [
    `name="${nameAttribute(name)}"`,
    `package="${nameAttribute(result.name)}"`,
    `id="${place}"`,
    // The schema of Ant has no time zone: it is UTC.
    `timestamp="${new Date(result.startTime).toISOString().slice(0, 19)}"`,
    `hostname="${nameAttribute(hostname())}"`,
    `tests="${tests}" failures="${failures}" errors="${errors}"`,
    `time="${seconds(millis)}"`,
  ];
  const property = `<property name="run" value="${escapeAttribute(result.runId)}"/>`;
  return `<testsuite ${attributes.join(' ')}>\n<properties>${property}</properties>\n`;
}

function caseElement(experiment: string, suite: string, { name, millis, problem }: TestCase): string {
  const className = `${nameAttribute(experiment)}.${nameAttribute(suite)}`;
  const start = `<testcase name="${nameAttribute(name)}" classname="${className}" time="${seconds(millis)}"`;
  if (problem === undefined) return `${start}/>\n`;
  const { kind, type, text } = problem;
  const [line] = text.split('\n', 1);
  const message = `type="${escapeAttribute(type.slice(0, NAME_UNITS))}" message="${escapeAttribute(line.slice(0, NAME_UNITS))}"`;
  return `${start}><${kind} ${message}>${escapeMarkup(text.slice(0, TEXT_UNITS))}</${kind}></testcase>\n`;
}
