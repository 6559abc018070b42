import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './repository.ts';
import { RIVALS, type SdkFactory, type Side } from './sdk.ts';
import { spandrel } from './sdk-spandrel.ts';

/**
 * The adapter of a side. Rivals are imported from their own folder, never bundled, so that they resolve their
 * packages from bench/rivals/node_modules, or from the same pinned versions at the root if that is not installed.
 */
export async function sdkFactory(side: Side): Promise<SdkFactory> {
  if (side === 'wasm' || side === 'ts') return spandrel(side);
  return import(pathToFileURL(join(ROOT, 'bench/rivals', `${side}.mjs`)).href);
}

export const isRival = (side: Side): boolean => RIVALS.includes(side);
