/** Flush, shutdown, export, end, answers, aborts and timers in any order. */
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TracerProvider } from '../../src/api/tracer-provider.ts';
import { keepFigures } from '../faults/figures.ts';
import { captureWarnings, ENGINES } from '../helpers/api-recorder.ts';
import { accounts, pieceRecord } from '../helpers/engine-memory.ts';
import { fillFreed, Interleaving } from './interleaving.ts';
import { randomOf, TIMEOUT, timed, volume, where } from './volume.ts';

captureWarnings();
const COUNT = volume(60, 5000);
const figures = { interleavings: 0, sends: 0, millis: 0 };

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe.each(ENGINES)('on the %s engine', (engine) => {
  test('any interleaving keeps the ledger exact and the bytes in flight whole, and comes to its end in time', {
    timeout: TIMEOUT,
  }, async () => {
    const { engine: memory } = new TracerProvider({ engine }).settings.arena;
    fillFreed(memory, (piece) => pieceRecord(memory, piece));
    figures.millis += await timed(async () => {
      for (let index = 0; index < COUNT; index += 1) {
        const random = randomOf(index);
        vi.spyOn(Math, 'random').mockImplementation(() => random.next());
        const interleaving = new Interleaving(random, engine);
        try {
          await interleaving.run();
        } catch (error) {
          throw new Error(where(index), { cause: error });
        }
        figures.sends += interleaving.exporter.sends;
        figures.interleavings += 1;
      }
    });
    expect(accounts(memory).waitingBytes).toBe(0);
  });
});

afterAll(() => {
  // The zeros below are those of tests that passed.
  if (figures.interleavings !== ENGINES.length * COUNT) return;
  keepFigures(
    'hostile-interleavings',
    'SPANDREL_LONG=1 SPANDREL_FIGURES=write npx vitest run test/fuzz/interleavings.test.ts',
    {
      interleavings: figures.interleavings,
      'attempts to send in them': figures.sends,
      'ledgers that did not balance': 0,
      'time, s': Math.round(figures.millis / 1000),
    },
  );
});
