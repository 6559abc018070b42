/** `spandrel eval`: finds the files, runs them one after the other, and says how it went. */
import { relative } from 'node:path';
import { toPrintable } from '../diagnostics.ts';
import { findFiles } from './find-files.ts';
import { LoadError, type LoadFile, openLoader } from './load-file.ts';
import { entriesForFiles, ownExperiments } from './own-entries.ts';
import type { EvalOptions } from './parse-eval.ts';
import { Session } from './session.ts';
import { UsageError } from './usage.ts';
import { writeReports } from './write-reports.ts';

/** What a watching parent is told: the files that this run depends on. */
export interface DependencyMessage {
  readonly files: readonly string[];
}

/**
 * The code to end with: 0, or 1 when a gate, an experiment or a file failed.
 *
 * @throws UsageError when there is nothing to run.
 */
export async function runEval(options: EvalOptions): Promise<number> {
  const files = await findFiles(options.patterns, process.cwd());
  const experiments = ownExperiments();
  const session = new Session(options, experiments.evaluate);
  const evaluate = session.evaluate.bind(session);
  const entries = entriesForFiles({ 'spandrel/experiments': { ...experiments, evaluate } });
  const { load, loaded } = await openLoader(entries);
  const faults: unknown[] = [];
  for (const file of files) faults.push(...(await runFile(file, load, session)));
  const dependencies: DependencyMessage = { files: [...files, ...loaded(), ...session.dataFiles] };
  process.send?.(dependencies);
  // An experiment that a file waits for fails the file as well, with one and the same error.
  for (const fault of new Set([...faults, ...session.faults])) say(describeFault(fault));
  await writeReports(session.finished, options, (path) => say(`wrote ${path}`));
  return codeOf(session, options, faults);
}

/** What the file failed with, if it did. */
async function runFile(file: string, load: LoadFile, session: Session): Promise<unknown[]> {
  const asked = session.asked;
  const leftOut = session.leftOut.length;
  try {
    await runExported((await load(file)).default, session);
    await session.settled();
    return session.asked === asked ? [nothingIn(file)] : [];
  } catch (fault) {
    await session.settled();
    // A file may rely on numbers that an experiment has not when it is left out.
    const isLeftOut = session.asked > asked && session.asked - asked === session.leftOut.length - leftOut;
    return isLeftOut ? [] : [fault];
  }
}

/** Options, or several, that a file exports. What it has run itself is exported as a promise or not at all. */
async function runExported(exported: unknown, session: Session): Promise<void> {
  const all = Array.isArray(exported) ? exported : [exported];
  for (const one of all) {
    const isOptions = typeof one === 'object' && one !== null && 'task' in one && 'data' in one;
    // Its failure is the session's.
    if (isOptions) await session.evaluate(one as never).catch(() => {});
  }
}

function nothingIn(file: string): LoadError {
  return new LoadError(
    `${relative(process.cwd(), file)}: expected a call of evaluate() of spandrel/experiments, or its options as default export, found neither.`,
  );
}

function codeOf(
  { finished, leftOut, faults: failed }: Session,
  { filter }: EvalOptions,
  faults: unknown[],
): number {
  if (failed.length > 0 || faults.length > 0) return 1;
  if (finished.length === 0 && filter !== undefined) {
    throw new UsageError(
      `--filter ${filter}: expected part of the name of an experiment, of ${leftOut.join(', ')}.`,
    );
  }
  return finished.some(({ result }) => result.gate?.passed === false) ? 1 : 0;
}

function say(line: string): void {
  process.stderr.write(`spandrel: ${line}\n`);
}

/** An error with its stack, which leads into the file; one that says it all by its message alone. */
function describeFault(fault: unknown): string {
  if (fault instanceof LoadError) return toPrintable(fault.message);
  const text = fault instanceof Error ? (fault.stack ?? fault.message) : String(fault);
  return text.split('\n').map(toPrintable).join('\n');
}
