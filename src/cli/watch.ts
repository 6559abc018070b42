/** `spandrel eval --watch`: a run, and another one for each change of a file that it depends on. */
import { type ChildProcess, fork } from 'node:child_process';
import { type FSWatcher, watch } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { findFiles } from './find-files.ts';
import type { EvalOptions } from './parse-eval.ts';
import type { DependencyMessage } from './run-eval.ts';

/** An editor writes a file in several steps; they are one change. In milliseconds. */
const SETTLE_MILLIS = 100;

/**
 * Each run is a process of its own, so that it loads every file anew and leaves nothing behind. A change during a run
 * stops it as Ctrl-C does, with what was done kept. Goes on until the process is interrupted.
 *
 * @throws UsageError when there is nothing to run.
 */
export async function watchEval(
  options: EvalOptions,
  script: string,
  words: readonly string[],
): Promise<void> {
  let files = new Set(await findFiles(options.patterns, process.cwd()));
  const watchers = new Map<string, FSWatcher>();
  let child: ChildProcess | undefined;
  let timer: NodeJS.Timeout | undefined;
  let isStale = false;

  const observe = () => {
    const folders = new Set([...files].map((file) => dirname(file)));
    for (const folder of folders) {
      if (watchers.has(folder)) continue;
      const changed = (_: string, name: string | null) => {
        if (name !== null && files.has(resolve(folder, name))) schedule();
      };
      watchers.set(folder, watch(folder, changed));
    }
  };
  const schedule = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      isStale = true;
      if (child === undefined) run();
      else child.kill('SIGINT');
    }, SETTLE_MILLIS);
  };
  const run = () => {
    isStale = false;
    child = fork(
      script,
      words.filter((word) => word !== '--watch'),
    );
    child.on('message', (message: DependencyMessage) => {
      files = new Set(message.files.map((file) => resolve(file)));
      observe();
    });
    child.on('exit', () => {
      child = undefined;
      if (isStale) run();
      else process.stderr.write('spandrel: waiting for a change; Ctrl-C ends.\n');
    });
  };
  observe();
  run();
}
