/** `lazy`: computed once for a span that is kept with its content, and never for any other. */
import { describe, expect, test } from 'vitest';
import { enrichSpan } from '../../src/ai/enrich.ts';
import { lazy } from '../../src/ai/lazy.ts';
import { currentSpan } from '../../src/ai/session.ts';
import { trace } from '../../src/ai/trace.ts';
import { type InitOptions, shutdown } from '../../src/init.ts';
import { startTracing, stopTracingAfterEach } from '../helpers/ai-spans.ts';

stopTracingAfterEach();

const foreign = { onStart() {}, onEnd() {}, async forceFlush() {}, async shutdown() {} };

/** A lazy value of the arguments and one of the result; how often each was computed. */
function counting() {
  const calls = [0, 0];
  const count = (place: number) =>
    lazy(() => {
      calls[place] += 1;
      return `value ${calls[place]}`;
    });
  const call = trace((_: number) => 'result', {
    name: 'call',
    captureInput: () => count(0),
    captureOutput: () => count(1),
  });
  return { calls, call };
}

describe.each<[string, InitOptions]>([
  ['arena', {}],
  ['plug-in', { spanProcessors: [foreign] }],
])('in %s mode', (_, mode) => {
  test('a span that is kept computes each once, when it ends', async () => {
    const { one } = await startTracing(mode);
    const { calls, call } = counting();
    call(1);
    expect(calls).toEqual([1, 1]);
    expect((await one('call')).plain).toEqual({ 'input.value': 'value 1', 'output.value': 'value 1' });
  });

  test.each<[string, InitOptions]>([
    ['unsampled', { sampler: 'always_off' }],
    ['content off in init', { content: 'none' }],
    ['metadata alone', { content: 'metadata' }],
  ])('%s: none', async (__, options) => {
    await startTracing({ ...mode, ...options });
    const { calls, call } = counting();
    call(1);
    trace(() => enrichSpan({ outputs: lazy(() => calls.push(0)) }))();
    expect(calls).toEqual([0, 0]);
  });

  test('content off by the variable: none', async () => {
    process.env.OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT = 'false';
    try {
      await startTracing(mode);
    } finally {
      delete process.env.OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT;
    }
    const { calls, call } = counting();
    call(1);
    expect(calls).toEqual([0, 0]);
  });

  test('content off, or on, for one call: what the call says, enrichSpan inside it included', async () => {
    const { all } = await startTracing({ ...mode, content: 'none' });
    const computed: number[] = [];
    const body = () => void enrichSpan({ outputs: lazy(() => computed.push(1)) });
    trace(body, { content: false, name: 'off' })();
    expect(computed).toHaveLength(0);
    trace(body, { content: true, name: 'on' })();
    expect(computed).toHaveLength(1);
    const outputs = (await all()).map(({ name, plain }) => [name, plain['output.value']]);
    expect(outputs.sort()).toEqual([
      ['off', undefined],
      ['on', '1'],
    ]);
  });

  test('ended after shutdown: none', async () => {
    await startTracing(mode);
    const { calls } = counting();
    let finish = (): void => {};
    const pending = trace(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
      { captureOutput: () => lazy(() => calls.push(0)) },
    )();
    await shutdown();
    finish();
    await pending;
    expect(calls).toEqual([0, 0]);
  });

  test('nested ones, ones that throw, ones that trace, ones that end their span', async () => {
    const { all } = await startTracing(mode);
    const made = (name: string, compute: () => unknown) =>
      trace(() => 1, { name, captureOutput: () => lazy(compute) })();
    made('nested', () => lazy(() => lazy(() => 'deep')));
    made('throws', () => {
      throw new Error('no');
    });
    made('traces', () => trace(() => 'inner result', { name: 'inner' })());
    trace(
      () => {
        const span = currentSpan();
        enrichSpan({ outputs: lazy(() => span?.end()) });
      },
      { name: 'ends' },
    )();
    const outputs = Object.fromEntries((await all()).map(({ name, plain }) => [name, plain['output.value']]));
    expect(outputs).toMatchObject({
      nested: 'deep',
      throws: expect.stringContaining('no'),
      traces: 'inner result',
      inner: 'inner result',
    });
    expect((await all()).filter(({ name }) => name === 'ends')).toHaveLength(1);
  });
});

test('a queue that is full: none', async () => {
  await startTracing({ batch: { maxQueueSize: 1, maxExportBatchSize: 1, scheduledDelayMillis: 60_000 } });
  const { calls, call } = counting();
  for (let index = 0; index < 5; index += 1) call(1);
  expect(calls).toEqual([1, 1]);
});
