import { describe, expect, test } from 'vitest';
import { SimpleSpanProcessor } from '../src/api/simple-span-processor.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import { init, shutdown, stats } from '../src/init.ts';
import { bundle, run } from './helpers/api-child.ts';
import { balance, captureWarnings, ENGINES, WireRecorder } from './helpers/api-recorder.ts';

const lines = captureWarnings();

describe.each(ENGINES)('on the %s engine', (engine) => {
  test('a string that one span cannot hold is cut, counted and said', () => {
    const exporter = new WireRecorder();
    const provider = new TracerProvider({ engine, spanProcessors: [new SimpleSpanProcessor(exporter)] });
    provider
      .getTracer('t')
      .startSpan('s')
      .setAttribute('a', 'x'.repeat(5 << 20))
      .end();
    expect(provider.stats().cut).toBe(1);
    expect(lines).toEqual([expect.stringContaining('a string was cut')]);
    const [attribute] = exporter.spans[0].attributes;
    expect((attribute.value as { value: string }).value).toMatch(/^x{3000000,}$/);
  });

  test('after one of two processors was shut down, the numbers are those of the other', async () => {
    const processors = [new WireRecorder(), new WireRecorder()].map(
      (exporter) => new SimpleSpanProcessor(exporter),
    );
    const provider = new TracerProvider({ engine, spanProcessors: processors });
    const tracer = provider.getTracer('t');
    for (let index = 0; index < 3; index += 1) tracer.startSpan('s').end();
    await processors[0].shutdown();
    for (let index = 0; index < 4; index += 1) tracer.startSpan('s').end();
    expect(provider.stats()).toMatchObject({ started: 7, exported: 7, waiting: 0, bytes: 0 });
    expect(balance(provider.stats())).toBe(0);
    expect(await provider.flush()).toMatchObject({ waiting: 0, bytes: 0 });
  });

  test.each([Number.NaN, -1, null, {}, 5n, Symbol('ms')])(
    'flush and shutdown take %s for no time, and neither rejects nor drops',
    async (millis) => {
      const exporter = new WireRecorder();
      const provider = new TracerProvider({ engine, spanProcessors: [new SimpleSpanProcessor(exporter)] });
      exporter.answer = () => Promise.resolve({ kind: 'delivered', rejected: 0 });
      provider.getTracer('t').startSpan('s').end();
      await provider.flush(millis as never);
      await provider.shutdown(millis as never);
      expect(provider.stats()).toMatchObject({ exported: 1, waiting: 0 });
    },
  );
});

test('what is no option, and a group that is no object, is named once', async () => {
  init({ servicename: 'x', limits: 5, exporters: [] } as never);
  await shutdown();
  init({ servicename: 'x', limits: 5, exporters: [] } as never);
  await shutdown();
  expect(stats().engine).toBe('none');
  expect(lines.filter((line) => line.includes('servicename'))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('option limits'))).toHaveLength(1);
});

test('a resource attribute that throws costs itself, and tracing goes on', async () => {
  const resourceAttributes = {
    get broken(): string {
      throw new Error('no');
    },
    kept: 'yes',
  };
  init({ resourceAttributes, exporters: [] });
  expect(stats().engine).not.toBe('none');
  await shutdown();
  expect(lines).toEqual([expect.stringContaining('broken')]);
});

test('spans that the end of a program leaves behind are named in one line', { timeout: 30_000 }, async () => {
  const program = await bundle(`
    import { init } from './src/init.ts';
    import { startSpan } from './src/ai/trace.ts';
    init({ endpoint: 'http://127.0.0.1:9' });
    for (let index = 0; index < 3; index += 1) startSpan('s').end();
    process.exit(0);
  `);
  const { code, stderr } = await run(program);
  expect(code).toBe(0);
  expect(stderr).toMatch(/^spandrel: 3 finished spans were not sent when the program ended[^\n]*\n$/);
});
