/** @module A real terminal for a program: a pseudo-terminal of the system, and what an emulator shows of it at the end. */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { run } from './api-child.ts';

const fromReports = createRequire(new URL('../reports/package.json', import.meta.url));

/** What is used of `@xterm/headless`, which is not among the packages that are here to be type-checked. */
interface Emulator {
  write(text: string, done: () => void): void;
  dispose(): void;
  readonly modes: { readonly wraparoundMode: boolean };
  readonly buffer: {
    readonly active: {
      readonly length: number;
      getLine(row: number): { translateToString(trimRight: boolean): string } | undefined;
    };
  };
}
interface EmulatorModule {
  readonly Terminal: new (options: Record<string, unknown>) => Emulator;
}

/** For `requireCounterpart`: says what is missing when there is no terminal to be had. */
export function probeTerminal(): string | undefined {
  const has = (process.env.PATH ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'script')));
  if (!has) return 'Expected `script` on PATH; install the package bsdutils.';
  try {
    fromReports.resolve('@xterm/headless');
    return undefined;
  } catch {
    return 'Expected the packages of test/reports; run `npm ci --prefix test/reports`.';
  }
}

export interface Shown {
  readonly code: number | null;
  /** Every byte that the program wrote. */
  readonly bytes: string;
  /** The lines of the screen and above it at the end, without spaces at their ends. */
  readonly lines: string[];
  /** Whether the terminal wraps lines and shows its cursor, as it did before. */
  readonly restored: boolean;
}

/** Runs a file on a terminal of `columns` by 24. */
export async function runOnTerminal(
  file: string,
  { columns = 80, environment = {} }: { columns?: number; environment?: Record<string, string> } = {},
): Promise<Shown> {
  // Somebody's terminal: in continuous integration Node.js takes none to have colours.
  const command = `stty cols ${columns} rows 24; exec env -u CI ${process.execPath} ${file}`;
  const { code, stdout } = await run('/dev/null', {
    node: '-qec',
    via: ['script'],
    flags: [command],
    environment: { TERM: 'xterm-256color', ...environment },
  });
  const { Terminal } = fromReports('@xterm/headless') as EmulatorModule;
  const terminal = new Terminal({ cols: columns, rows: 24, scrollback: 1_000, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(stdout, resolve));
  const { active } = terminal.buffer;
  const lines = Array.from(
    { length: active.length },
    (_, row) => active.getLine(row)?.translateToString(true) ?? '',
  );
  while (lines.at(-1) === '') lines.pop();
  const isHidden = stdout.lastIndexOf('\u001b[?25l') > stdout.lastIndexOf('\u001b[?25h');
  const restored = terminal.modes.wraparoundMode && !isHidden;
  terminal.dispose();
  return { code, bytes: stdout, lines, restored };
}
