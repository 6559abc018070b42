/** What takes hours, under fake timers. */
import { expect, test, vi } from 'vitest';
import { Pipe } from '../../src/export/pipe.ts';
import { FakeExporter, FakeSource, UNAVAILABLE } from '../helpers/fake-source.ts';
import '../helpers/pipe-harness.ts';
import { command } from './both-sides.ts';
import { keepFigures, WRITES_FIGURES } from './figures.ts';
import { upstreamAttempts } from './upstream-pauses.ts';

const TIME = { timeout: 60_000 };
/** Of opentelemetry-js, whose time is the real one. */
const CLIENTS = 200;

/** Pearson's. */
function correlation(one: readonly number[], other: readonly number[]): number {
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

const pauses = (times: readonly number[]): number[] =>
  times.slice(1).map((time, index) => time - times[index]);

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const round = (value: number, digits = 1): number => Number(value.toFixed(digits));

function spread(one: readonly number[], other: readonly number[]) {
  return {
    pauses: one.length,
    'correlation of two clients': round(correlation(one, other), 3),
    'mean pause, s': round(mean(one) / 1_000),
    'longest pause, s': round(Math.max(...one) / 1_000),
  };
}

/** Measured once, for both rows. */
let upstream: Promise<number[][]> | undefined;
function upstreamTimes(): Promise<number[][]> {
  vi.useRealTimers();
  upstream ??= upstreamAttempts(CLIENTS);
  return upstream;
}

/** Every first client beside the one that follows it. */
async function upstreamSpread() {
  const all = (await upstreamTimes()).map(pauses);
  const pairs = all.flatMap((one, index) => (index % 2 === 0 ? [[one, all[index + 1]]] : []));
  const lengths = pairs.map(([one, other]) => Math.min(one.length, other.length));
  const side = (which: 0 | 1) => pairs.flatMap((pair, index) => pair[which].slice(0, lengths[index]));
  return { clients: CLIENTS, ...spread(side(0), side(1)) };
}

test(
  'two clients that lost the same collector at the same time do not come back together',
  TIME,
  async () => {
    const clients = [client(), client()];
    await vi.advanceTimersByTimeAsync(12 * 3_600_000);
    const [one, other] = clients.map(({ times }) => pauses(times).slice(5));
    const length = Math.min(one.length, other.length);
    expect(length).toBeGreaterThan(2_000);
    const r = correlation(one.slice(0, length), other.slice(0, length));
    expect(Math.abs(r)).toBeLessThan(0.2);
    expect(Math.max(...one)).toBeLessThanOrEqual(30_000);
    expect(Math.min(...one)).toBeGreaterThanOrEqual(500);
    if (!WRITES_FIGURES) return;
    const ours = spread(one.slice(0, length), other.slice(0, length));
    keepFigures('jitter', command('network-pipe.test.ts'), ours, await upstreamSpread());
  },
);

test('a collector that is away for ten minutes is tried at most 65 times', TIME, async () => {
  const counts: number[] = [];
  for (let round = 0; round < 200; round += 1) {
    const exporter = client();
    await vi.advanceTimersByTimeAsync(600_000);
    counts.push(exporter.times.length);
    vi.clearAllTimers();
  }
  expect(Math.max(...counts)).toBeLessThanOrEqual(65);
  if (!WRITES_FIGURES) return;
  const theirs = await upstreamTimes();
  keepFigures(
    'attempts',
    command('network-pipe.test.ts'),
    {
      outages: counts.length,
      'attempts, mean': round(mean(counts)),
      'attempts, most': Math.max(...counts),
    },
    {
      clients: CLIENTS,
      'attempts for a batch, mean': round(mean(theirs.map(({ length }) => length))),
      'given up after, s, at most': round(
        Math.max(...theirs.map((times) => (times.at(-1) ?? 0) - times[0])) / 1_000,
      ),
    },
  );
});
