/** Where a full arena leaves content out, lazy values are not even made. A file of its own: the first provider sizes the arena. */
import { expect, test } from 'vitest';
import { lazy } from '../../src/ai/lazy.ts';
import { startSpan, trace } from '../../src/ai/trace.ts';
import { stats } from '../../src/init.ts';
import { startTracing, stopTracingAfterEach } from '../helpers/ai-spans.ts';
import { captureWarnings } from '../helpers/api-recorder.ts';

captureWarnings();
stopTracingAfterEach();

test('an arena that leaves content out: none', async () => {
  await startTracing({ arenaBytes: 4_194_304, batch: { scheduledDelayMillis: 60_000 } });
  for (let index = 0; index < 2_000 && stats().shed.content !== 'omitted'; index += 1) {
    startSpan('filler', { attributes: { text: 'x'.repeat(20_000) } }).end();
  }
  expect(stats().shed.content).toBe('omitted');
  let computed = 0;
  const compute = (): string => {
    computed += 1;
    return 'x'.repeat(1_000);
  };
  trace((_: number) => 1, { captureInput: () => lazy(compute), captureOutput: () => lazy(compute) })(1);
  expect([computed, stats().shed.omitted]).toEqual([0, 2]);
});
