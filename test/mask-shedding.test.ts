/** What a mask hides is nowhere on the wire, however much of the content is shed: what is shortened is what it left. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { enrichSpan } from '../src/ai/enrich.ts';
import { trace } from '../src/ai/trace.ts';
import { type InitOptions, stats } from '../src/init.ts';
import { startTracing, stopTracingAfterEach } from './helpers/ai-spans.ts';
import { captureWarnings } from './helpers/api-recorder.ts';

captureWarnings();
stopTracingAfterEach();

const SECRET = 'TOP-SECRET';
const foreign = { onStart() {}, onEnd() {}, async forceFlush() {}, async shutdown() {} };
const modes: [string, InitOptions][] = (['wasm', 'ts'] as const).flatMap((engine) => [
  [`arena, ${engine}`, { engine }],
  [`plug-in, ${engine}`, { engine, spanProcessors: [foreign] }],
]);

describe.each(modes)('%s', (_, mode) => {
  test('no masked text is on the wire, shortened or not', async () => {
    const { all } = await startTracing({
      ...mode,
      arenaBytes: 1_048_576,
      limits: { attributeValueLengthLimit: 4_000 },
      mask: (value) => value.replaceAll(SECRET, '#'),
    });
    const text = fc
      .array(fc.oneof(fc.constant(SECRET), fc.string({ maxLength: 9 })), { maxLength: 9 })
      .map((parts) => parts.join(' '));
    const values = fc.sample(fc.record({ text, deep: fc.array(text, { maxLength: 4 }) }), {
      numRuns: 60,
      seed: 7,
    });
    const call = trace((value: unknown) => value, { name: `call ${SECRET}` });
    for (const [index, value] of values.entries()) {
      call({ ...value, long: `${SECRET} `.repeat(index * 60) });
      trace(() =>
        enrichSpan({ outputs: value, metadata: { note: value.text }, error: new Error(value.text) }),
      )();
    }
    const spans = await all();
    expect(spans.length).toBeGreaterThan(0);
    const wire = JSON.stringify(spans, (__, one) => (typeof one === 'bigint' ? String(one) : one));
    expect(wire).not.toContain(SECRET);
    expect(wire).toContain('#');
    if (mode.spanProcessors === undefined) expect(stats().started).toBe(120);
  });
});
