/** One line when a loss begins and one when it ends, whatever happens in between. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Ledger } from '../src/api/ledger.ts';
import { LossEpisode } from '../src/api/loss-episode.ts';
import { bundle, run } from './helpers/api-child.ts';
import { captureWarnings } from './helpers/api-recorder.ts';

const lines = captureWarnings();

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

test('a loss is said when it begins, with reason and cure, and when it ends, with the numbers', () => {
  const ledger = new Ledger();
  for (let second = 0; second < 12; second += 1) {
    ledger.countShed(3, 0, true);
    ledger.countShed(0, 2, true);
    // Of the overhead budget, and not of this loss.
    ledger.countShed(100, 100, false);
    vi.advanceTimersByTime(1000);
  }
  for (let index = 0; index < 7; index += 1) ledger.drop('arena_full');
  ledger.drop('not_sampled');
  expect(lines).toEqual([
    expect.stringMatching(/^spandrel: captured content is being shortened.* Raise arenaBytes/),
  ]);
  vi.advanceTimersByTime(4_999);
  expect(lines).toHaveLength(1);
  vi.advanceTimersByTime(1);
  expect(lines[1]).toBe(
    'spandrel: the loss is over after 12.0 s; spans dropped (arena_full): 7, captured values shortened: 36, ' +
      'captured values left out: 24.',
  );
  vi.advanceTimersByTime(600_000);
  expect(lines).toHaveLength(2);
});

test.each([
  ['arena_full', 'the arena is full'],
  ['arena_fragmented', 'no run of free blocks'],
  ['piece_table_full', 'too many small pieces'],
  ['queue_full', 'as many finished spans wait as may'],
  ['malformed', 'Please report this'],
] as const)('%s is a loss, and its line says the cure', (reason, words) => {
  const ledger = new Ledger();
  ledger.drop(reason);
  ledger.drop(reason);
  expect(lines).toEqual([expect.stringContaining(words)]);
  ledger.close();
  expect(lines[1]).toContain(`spans dropped (${reason}): 2.`);
});

test('what is no loss by load is not said', () => {
  const ledger = new Ledger();
  for (const reason of ['not_sampled', 'no_processor', 'shutdown'] as const) ledger.drop(reason);
  ledger.countShed(5, 5, false);
  ledger.countShed(0, 0, true);
  vi.advanceTimersByTime(60_000);
  ledger.close();
  expect(lines).toEqual([]);
});

test('of losses that come and go no more than a pair of lines a minute, and no number is lost', () => {
  const ledger = new Ledger();
  let dropped = 0;
  for (let minute = 0; minute < 10; minute += 1) {
    const before = lines.length;
    for (let second = 0; second < 60; second += 1) {
      // Seven seconds of quiet after each: every one of them is over before the next begins.
      if (second % 8 === 0) {
        ledger.drop('queue_full');
        dropped += 1;
      }
      vi.advanceTimersByTime(1000);
    }
    expect(lines.length - before).toBeLessThanOrEqual(3);
  }
  vi.advanceTimersByTime(120_000);
  expect(lines.length).toBeLessThanOrEqual(22);
  const said = lines.map((line) => Number(/\(queue_full\): (\d+)/.exec(line)?.[1] ?? 0));
  expect(said.reduce((sum, count) => sum + count, 0)).toBe(dropped);
});

test('a blocked event loop does not join two losses to one', () => {
  const episode = new LossEpisode({ begin: () => 'begin', end: (seconds) => `end ${seconds}` });
  episode.note();
  // The clock goes on and no timer fires.
  const now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => now + 70_000);
  episode.note();
  expect(lines).toEqual(['spandrel: begin', 'spandrel: end 0.0', 'spandrel: begin']);
  episode.close();
  expect(lines).toHaveLength(4);
  episode.close();
  expect(lines).toHaveLength(4);
});

test('a loss that is not over when the program ends is said then, and keeps no program alive', async () => {
  vi.useRealTimers();
  const program = await bundle(`
    import { init } from './src/init.ts';
    import { startSpan } from './src/ai/trace.ts';
    init({ endpoint: 'http://127.0.0.1:9', batch: { maxQueueSize: 2 } });
    for (let index = 0; index < 9; index += 1) startSpan('s').end();
  `);
  const { code, stderr, millis } = await run(program);
  expect(code).toBe(0);
  expect(stderr).toMatch(/a finished span was dropped: as many finished spans wait as may/);
  expect(stderr).toMatch(/the loss is over after 0\.0 s; spans dropped \(queue_full\): 7\./);
  expect(millis).toBeLessThan(4_500);
});
