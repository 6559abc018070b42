import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { adoptedBuild } from './build.ts';
import type { BenchCase } from './corpus.ts';
import { ROOT } from './repository.ts';
import { RIVALS, type SdkFactory, type Side } from './sdk.ts';
import { spandrel } from './sdk-spandrel.ts';

/**
 * The adapter of a side. Rivals are imported from their own folder, never bundled, so that they resolve their
 * packages from bench/rivals/node_modules, or from the same pinned versions at the root if that is not installed.
 *
 * @param before - the folder of the build that is the side `before`, made by `adoptBuild`.
 */
export async function sdkFactory(side: Side, before?: string): Promise<SdkFactory> {
  switch (side) {
    case 'wasm':
    case 'ts':
      return spandrel(side);
    case 'plug-in':
      return spandrel('wasm', 'plug-in');
    case 'before':
      if (before === undefined)
        throw new Error('expected the folder of a build for the side `before`, got none');
      return spandrel('wasm', 'arena', adoptedBuild(before));
    default:
      return import(pathToFileURL(join(ROOT, 'bench/rivals', `${side}.mjs`)).href);
  }
}

export const isRival = (side: Side): boolean => RIVALS.includes(side);

/** What plug-in mode does otherwise than arena mode: each stage, each road of attributes, parents, size, export. */
const PLUG_IN_CASES: ReadonlySet<string> = new Set([
  'record',
  'end',
  'drain',
  'constant-10',
  'unique-10',
  'set-attributes-10',
  'nested',
  'text-12k',
  'export-small',
  'export-12k',
]);

/** Whether a side has a row of a case. */
export function standsOn(side: Side, { name }: BenchCase): boolean {
  return side !== 'plug-in' || PLUG_IN_CASES.has(name);
}

/**
 * The sides that share a process. Our engines and modes share the classes above them, and each would make the others'
 * call sites see two kinds, so each has a process of its own, with the rivals in all; another build of ours has its
 * own classes and runs beside the side that it is compared with.
 */
export function groupsOf(
  benchCase: BenchCase,
  ours: readonly Side[],
  rivals: readonly Side[],
  before: boolean,
) {
  const standing = ours.filter((side) => standsOn(side, benchCase));
  if (standing.length === 0) return rivals.length === 0 ? [] : [[...rivals]];
  return standing.map((side): Side[] => [
    side,
    ...(side === 'wasm' && before ? (['before'] as const) : []),
    ...rivals,
  ]);
}
