import { parseArgs } from 'node:util';
import { OURS, RIVALS, type Side } from './sdk.ts';

export interface BenchOptions {
  /** Which of our sides run: engines in arena mode, and plug-in mode. */
  ours: readonly Side[];
  /** Whether a missing build is an error: a side that was asked for by name must run or fail. */
  oursForced: boolean;
  /** The folder of another build of ours, to stand beside the wasm side. */
  before: string | undefined;
  rivals: readonly Side[];
  cases: RegExp;
  profile: 'cpu' | 'heap' | undefined;
  write: boolean;
  rounds: number;
  exports: number;
}

export const USAGE = `npm run bench -- [options]
  --engine wasm|ts|both|plug-in|all
                          what of ours to measure: the engines in arena mode, the wasm engine in plug-in
                          mode, or all three; default all
  --before FOLDER         also another build of ours, beside the wasm side: a folder like dist/
  --rivals, --no-rivals   measure upstream and the patched control beside us; default on
  --case REGEX            only the cases whose name matches
  --profile cpu|heap      instead: profile the one matching case into build/bench/
  --rounds N              rounds of 50 ms each side, over 3 processes; default 15
  --exports N             exports each side in the export rows; default 100
  --write                 also write bench/results.md`;

/** Reads the command line; throws an error that ends in the usage text for anything it does not know. */
export function parseOptions(args: string[]): BenchOptions {
  const values = parseFlags(args);
  const engine = oneOf('--engine', values.engine ?? 'all', ['wasm', 'ts', 'both', 'plug-in', 'all']);
  const ours = oursOf(engine);
  if (values.before !== undefined && !ours.includes('wasm'))
    throw new Error(`--before is compared with the wasm side, got --engine ${engine}\n${USAGE}`);
  return {
    ours,
    oursForced: values.engine !== undefined,
    before: values.before,
    rivals: values['no-rivals'] ? [] : RIVALS,
    cases: new RegExp(values.case ?? ''),
    profile: values.profile === undefined ? undefined : oneOf('--profile', values.profile, ['cpu', 'heap']),
    write: values.write ?? false,
    rounds: count('--rounds', values.rounds ?? '15'),
    exports: count('--exports', values.exports ?? '100'),
  };
}

function oursOf(engine: string): readonly Side[] {
  if (engine === 'all') return OURS;
  return engine === 'both' ? ['wasm', 'ts'] : OURS.filter((side) => side === engine);
}

function parseFlags(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        engine: { type: 'string' },
        before: { type: 'string' },
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
