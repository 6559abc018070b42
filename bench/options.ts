import { parseArgs } from 'node:util';
import { OURS, RIVALS, type Side } from './sdk.ts';

export interface BenchOptions {
  engines: readonly Side[];
  /** Whether a missing build is an error: an engine that was asked for by name must run or fail. */
  engineForced: boolean;
  rivals: readonly Side[];
  cases: RegExp;
  profile: 'cpu' | 'heap' | undefined;
  write: boolean;
  rounds: number;
  exports: number;
}

export const USAGE = `npm run bench -- [options]
  --engine wasm|ts|both   our engines to measure; default both
  --rivals, --no-rivals   measure upstream and the patched control beside us; default on
  --case REGEX            only the cases whose name matches
  --profile cpu|heap      instead: profile the one matching case into build/bench/
  --rounds N              rounds of 50 ms each side, over 3 processes; default 15
  --exports N             exports each side in the export rows; default 100
  --write                 also write bench/results.md`;

/** Reads the command line; throws an error that ends in the usage text for anything it does not know. */
export function parseOptions(args: string[]): BenchOptions {
  const values = parseFlags(args);
  const engine = oneOf('--engine', values.engine ?? 'both', ['wasm', 'ts', 'both']);
  return {
    engines: engine === 'both' ? OURS : OURS.filter((side) => side === engine),
    engineForced: values.engine !== undefined,
    rivals: values['no-rivals'] ? [] : RIVALS,
    cases: new RegExp(values.case ?? ''),
    profile: values.profile === undefined ? undefined : oneOf('--profile', values.profile, ['cpu', 'heap']),
    write: values.write ?? false,
    rounds: count('--rounds', values.rounds ?? '15'),
    exports: count('--exports', values.exports ?? '100'),
  };
}

function parseFlags(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        engine: { type: 'string' },
        rivals: { type: 'boolean' },
        'no-rivals': { type: 'boolean' },
        case: { type: 'string' },
        profile: { type: 'string' },
        rounds: { type: 'string' },
        exports: { type: 'string' },
        write: { type: 'boolean' },
      },
    }).values;
  } catch (error) {
    throw new Error(`${(error as Error).message}\n${USAGE}`);
  }
}

function oneOf<const Value extends string>(flag: string, given: string, allowed: readonly Value[]): Value {
  const found = allowed.find((value) => value === given);
  if (found) return found;
  throw new Error(`${flag} expected one of ${allowed.join(', ')}, got "${given}"\n${USAGE}`);
}

function count(flag: string, given: string): number {
  const value = Number(given);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`${flag} expected a whole number above 0, got "${given}"\n${USAGE}`);
}
