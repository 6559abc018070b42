/** A wall clock that jumps by hours moves no pause, no deadline and no schedule: of the pipe, and of one attempt. */
import { afterEach, expect, test, vi } from 'vitest';
import type { SendResult } from '../../src/export/exporter.ts';
import { Pipe } from '../../src/export/pipe.ts';
import { DELIVERED, FakeExporter, FakeSource, UNAVAILABLE } from '../helpers/fake-source.ts';
import { receive, until } from '../helpers/fault-server.ts';
import { bytes, requestOf, transport } from '../helpers/http-sender.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** By so many hours, the later ones back and forth, the wall clock is off the monotonic one. */
const JUMPS = [0, 5, -5, 72, -72];
const STEP_MILLIS = 100;

/** Sets the wall clock anew at every step, when given jumps. */
class WallClock {
  private hours = 0;

  constructor() {
    const now = Date.now.bind(Date);
    vi.spyOn(Date, 'now').mockImplementation(() => now() + this.hours * 3_600_000);
  }

  set(hours: number): void {
    this.hours = hours;
  }
}

/**
 * A destination that fails, asks for a pause of 20 s, and comes back, while flushes and a shutdown ask for their ends:
 * when each attempt began and each promise resolved, in milliseconds from the start.
 */
async function timesOf(jumps: readonly number[]): Promise<Record<string, readonly number[]>> {
  vi.useFakeTimers();
  const wall = new WallClock();
  const start = performance.now();
  const paused: SendResult = { ...UNAVAILABLE, retryAfterMs: 20_000 } as SendResult;
  const answers = [UNAVAILABLE, UNAVAILABLE, paused, DELIVERED, UNAVAILABLE];
  const exporter = new FakeExporter(() => answers.shift() ?? UNAVAILABLE);
  const source = new FakeSource();
  const pipe = new Pipe({ exporter, source, random: () => 0.5, warn: () => {} });
  const resolved: number[] = [];
  const note = (): void => void resolved.push(performance.now() - start);
  for (let step = 0; step < 600; step += 1) {
    wall.set(jumps[step % jumps.length]);
    if (step === 0 || step === 400) {
      source.add(1);
      pipe.notify(source.waitingBytes, source.waitingSpans);
    }
    if (step % 30 === 29) void pipe.flush(700).then(note);
    if (step === 500) void pipe.shutdown(5_000).then(note);
    await vi.advanceTimersByTimeAsync(STEP_MILLIS);
  }
  const attempts = exporter.times.map((time) => time - exporter.times[0]);
  vi.restoreAllMocks();
  vi.useRealTimers();
  return { attempts, resolved };
}

test('the pipe tries, pauses and resolves as it does beside a wall clock that stands right', async () => {
  const right = await timesOf([0]);
  expect(right.attempts.length).toBeGreaterThan(4);
  expect(await timesOf(JUMPS)).toEqual(right);
});

test('an attempt ends at its own time, and takes no jump for an event loop that stood still', async () => {
  const server = await receive(() => {});
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  const wall = new WallClock();
  const sent = transport(server.url, { timeoutMillis: 300 }).send(requestOf(bytes(3, 1)));
  await until(() => server.requests.length > 0);
  wall.set(5);
  vi.advanceTimersByTime(300);
  expect(vi.getTimerCount()).toBe(0);
  expect(await sent).toMatchObject({ kind: 'retryable', code: 'timed_out' });
});
