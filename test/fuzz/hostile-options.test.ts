/** Options of `init` of any kind: it never throws, and the next one that is sound starts. */
import { expect, test } from 'vitest';
import { flush, type InitOptions, init, shutdown, stats } from '../../src/init.ts';
import { captureWarnings } from '../helpers/api-recorder.ts';
import { hostileValue, type World } from './hostile-values.ts';
import { randomOf, TIMEOUT, volume, where } from './volume.ts';

captureWarnings();

const NAMES: readonly (keyof InitOptions)[] = [
  ...([
    'arenaBytes',
    'batch',
    'compression',
    'content',
    'detectors',
    'disabled',
    'endpoint',
    'engine',
  ] as const),
  ...([
    'exporters',
    'headers',
    'limits',
    'meterProvider',
    'propagators',
    'protocol',
    'registerGlobal',
  ] as const),
  ...(['resource', 'resourceAttributes', 'sampler', 'samplerArg', 'serviceName', 'timeoutMillis'] as const),
  'spanProcessors',
];

function worldOf(index: number): World {
  const nothing = (): void => {};
  return { random: randomOf(index), traceAside: nothing, writeSelf: nothing, endSelf: nothing };
}

test('hostile options, times to flush and to shut down throw nothing', { timeout: TIMEOUT }, async () => {
  for (let index = 0; index < volume(300, 20_000); index += 1) {
    const world = worldOf(index);
    const { random } = world;
    const options: Record<string, unknown> = {};
    for (let count = random.below(3); count >= 0; count -= 1) {
      options[random.pick(NAMES)] = hostileValue(world, true);
    }
    try {
      init(random.chance(0.05) ? (hostileValue(world, true) as InitOptions) : (options as InitOptions));
      await flush(random.chance(0.5) ? 0 : (random.pick([Number.NaN, -1, 'x', {}]) as number));
      await shutdown(0);
      expect(stats().engine).toBe('none');
    } catch (error) {
      throw new Error(where(index), { cause: error });
    }
  }
  init({ exporters: [] as never, registerGlobal: false });
  expect(stats().engine).not.toBe('none');
  await shutdown(0);
});
