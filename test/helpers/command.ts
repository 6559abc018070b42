/** @module The `spandrel` command as it is built, in a folder of its own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChildResult, run } from './api-child.ts';

export const COMMAND = fileURLToPath(new URL('../../dist/cli/spandrel.mjs', import.meta.url));
/** A step that takes longer is not taken. */
const STEP_MILLIS = 20_000;

export interface CommandFolder {
  readonly path: string;
  write(name: string, text: string): void;
  /** Runs the command here, to its end. */
  run(words: readonly string[], environment?: Record<string, string>): Promise<ChildResult>;
  remove(): void;
}

export function commandFolder(): CommandFolder {
  const path = mkdtempSync(join(tmpdir(), 'spandrel-cli-'));
  return {
    path,
    write(name, text) {
      mkdirSync(dirname(join(path, name)), { recursive: true });
      writeFileSync(join(path, name), text);
    },
    run: (words, environment = {}) =>
      run(COMMAND, {
        arguments: [...words],
        cwd: path,
        environment: { GITHUB_STEP_SUMMARY: '', NO_COLOR: '1', ...environment },
        deadlineMillis: 30_000,
      }),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

export interface WatchedCommand {
  /** Resolves when what it has written since the last step contains `text`; with all of that. */
  until(text: string): Promise<string>;
  /** Sends SIGINT and resolves when it has ended. */
  interrupt(): Promise<void>;
}

/** The command, going on until it is interrupted. */
export function startCommand(folder: string, words: readonly string[]): WatchedCommand {
  const child: ChildProcess = spawn(process.execPath, [COMMAND, ...words], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => {
      output += text;
      for (const listener of listeners) listener();
    });
  }
  return {
    until: (text) =>
      new Promise((resolve, reject) => {
        const deadline = setTimeout(() => {
          child.kill('SIGKILL');
          reject(new Error(`expected ${text}, got ${output}`));
        }, STEP_MILLIS);
        const look = () => {
          if (!output.includes(text)) return;
          clearTimeout(deadline);
          listeners.delete(look);
          const all = output;
          output = '';
          resolve(all);
        };
        listeners.add(look);
        look();
      }),
    interrupt: () =>
      new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) return resolve();
        child.on('exit', () => resolve());
        child.kill('SIGINT');
      }),
  };
}
