/** What takes hours, under fake timers. */
import { expect, test, vi } from 'vitest';
import { Pipe } from '../../src/export/pipe.ts';
import { FakeExporter, FakeSource, UNAVAILABLE } from '../helpers/fake-source.ts';
import '../helpers/pipe-harness.ts';
import { command } from './both-sides.ts';
import { keepFigures } from './figures.ts';

/** Pearson's. */
function correlation(one: readonly number[], other: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [a, b] = [mean(one), mean(other)];
  const product = mean(one.map((value, index) => (value - a) * (other[index] - b)));
  const deviation = (values: readonly number[], centre: number) =>
    Math.sqrt(mean(values.map((value) => (value - centre) ** 2)));
  return product / (deviation(one, a) * deviation(other, b));
}

/** A client whose collector is away. */
function client(): FakeExporter {
  const exporter = new FakeExporter(() => UNAVAILABLE);
  const source = new FakeSource();
  const pipe = new Pipe({ exporter, source, warn: () => {} });
  source.add(1);
  pipe.notify(source.waitingBytes, source.waitingSpans);
  return exporter;
}

const pauses = ({ times }: FakeExporter): number[] =>
  times.slice(1).map((time, index) => time - times[index]);

test('two clients that lost the same collector at the same time do not come back together', async () => {
  const clients = [client(), client()];
  await vi.advanceTimersByTimeAsync(12 * 3_600_000);
  const [one, other] = clients.map((exporter) => pauses(exporter).slice(5));
  const length = Math.min(one.length, other.length);
  expect(length).toBeGreaterThan(2_000);
  const r = correlation(one.slice(0, length), other.slice(0, length));
  expect(Math.abs(r)).toBeLessThan(0.2);
  expect(Math.max(...one)).toBeLessThanOrEqual(30_000);
  expect(Math.min(...one)).toBeGreaterThanOrEqual(500);
  keepFigures('jitter', command('network-pipe.test.ts'), {
    pauses: length,
    'correlation of two clients': Number(r.toFixed(3)),
    'mean pause, s': Number((one.reduce((sum, pause) => sum + pause, 0) / one.length / 1_000).toFixed(1)),
    'longest pause, s': Number((Math.max(...one) / 1_000).toFixed(1)),
  });
});

test('a collector that is away for ten minutes is tried at most 65 times', async () => {
  const counts: number[] = [];
  for (let round = 0; round < 200; round += 1) {
    const exporter = client();
    await vi.advanceTimersByTimeAsync(600_000);
    counts.push(exporter.times.length);
    vi.clearAllTimers();
  }
  expect(Math.max(...counts)).toBeLessThanOrEqual(65);
  keepFigures('attempts', command('network-pipe.test.ts'), {
    outages: counts.length,
    'attempts, mean': Number((counts.reduce((sum, count) => sum + count, 0) / counts.length).toFixed(1)),
    'attempts, most': Math.max(...counts),
  });
});
