/** The options of `spandrel eval`. */
import { parseArgs } from 'node:util';
import type { FailOn } from '../experiments/gate.ts';
import { parseFailOn } from './fail-on.ts';
import { UsageError } from './usage.ts';

export interface EvalOptions {
  /** Paths and globs. */
  readonly patterns: readonly string[];
  readonly filter: string | undefined;
  readonly concurrency: number | 'auto' | undefined;
  readonly resume: boolean | string | undefined;
  readonly failOn: FailOn | undefined;
  readonly report: string | undefined;
  readonly junit: string | undefined;
  readonly watch: boolean;
}

const OPTIONS = {
  filter: { type: 'string' },
  concurrency: { type: 'string' },
  resume: { type: 'boolean' },
  'resume-run': { type: 'string' },
  'fail-on': { type: 'string', multiple: true },
  report: { type: 'string' },
  junit: { type: 'string' },
  watch: { type: 'boolean' },
} as const;

/** @throws UsageError that says what was expected. */
export function parseEval(words: readonly string[]): EvalOptions {
  const { values, positionals } = parsed(words);
  if (positionals.length === 0) {
    throw new UsageError(
      'expected a file, a folder or a glob to evaluate, got none. Try `spandrel eval evals/`.',
    );
  }
  const rules = values['fail-on'];
  return {
    patterns: positionals,
    filter: values.filter,
    concurrency: concurrencyOf(values.concurrency),
    resume: values['resume-run'] ?? values.resume,
    failOn: rules === undefined ? undefined : parseFailOn(rules),
    report: values.report,
    junit: values.junit,
    watch: values.watch === true,
  };
}

function parsed(words: readonly string[]) {
  // An option with or without a value: `parseArgs` knows none, so each form is an option of its own.
  const args = words.map((word) => word.replace(/^--resume=/, '--resume-run='));
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (fault) {
    throw new UsageError((fault as Error).message);
  }
}

function concurrencyOf(text: string | undefined): number | 'auto' | undefined {
  if (text === undefined || text === 'auto') return text;
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new UsageError(`--concurrency: expected a whole number from 1, or auto, got ${text}.`);
}
