/** What only a whole process shows: rejections that nobody handles, and iterators that are collected. */
import { describe, expect, test } from 'vitest';
import { bundle, run } from '../helpers/api-child.ts';

/** The same program, with `trace` or without. */
async function endOf(body: string, isTraced: boolean): Promise<{ code: number | null; said: string }> {
  const source = `
    import { init, trace as traceFunction } from './src/index.ts';
    import { InMemorySpanExporter, SimpleSpanProcessor } from './src/otel.ts';
    init({ exporters: [], spanProcessors: [new SimpleSpanProcessor(new InMemorySpanExporter())] });
    const trace = ${isTraced} ? traceFunction : (fn) => fn;
    process.on('exit', () => console.log('unhandled: ' + unhandled));
    let unhandled = 0;
    ${body}`;
  const { code, stdout, stderr } = await run(await bundle(source));
  const message = stderr.split('\n').filter((line) => /^\w*Error\b/.test(line));
  return { code, said: `${stdout}${message.join('\n')}` };
}

const COUNT = "process.on('unhandledRejection', () => { unhandled += 1; });";
const FAIL = "const fail = trace(async () => { await null; throw new RangeError('of the program'); });";

describe('a rejection', () => {
  test.each([
    ['that nobody handles', `${COUNT} ${FAIL} fail(); fail();`, 'unhandled: 2'],
    ['that is handled', `${COUNT} ${FAIL} fail().catch(() => {});`, 'unhandled: 0'],
    [
      'that is handled in time',
      `${COUNT} ${FAIL} const p = fail(); queueMicrotask(() => p.catch(() => {}));`,
      'unhandled: 0',
    ],
    ['that ends the process', `${FAIL} fail();`, 'RangeError: of the program'],
    [
      'of a generator that nobody handles',
      `${COUNT} const g = trace(async function* () { throw new Error('g'); }); g().next();`,
      'unhandled: 1',
    ],
    [
      'of a stream that nobody handles',
      `${COUNT} const s = trace(() => new ReadableStream({ pull() { throw new Error('s'); } })); s().getReader().read();`,
      'unhandled: ',
    ],
    [
      'of a subclass that nobody handles',
      `${COUNT} class P extends Promise {} const p = trace(() => P.reject(new Error('p'))); p();`,
      'unhandled: 1',
    ],
    [
      'of a promise with members',
      `${COUNT} const p = trace(() => Object.assign(Promise.reject(new Error('p')), { a: 1 })); p();`,
      'unhandled: 1',
    ],
  ])('%s is reported as without tracing', async (_, body, expected) => {
    const [bare, traced] = await Promise.all([endOf(body, false), endOf(body, true)]);
    expect(bare.said).toContain(expected);
    expect(traced).toEqual(bare);
  });
});

const COLLECTED = `
  import { flush, init, stats, trace } from './src/index.ts';
  import { InMemorySpanExporter, SimpleSpanProcessor } from './src/otel.ts';
  const exporter = new InMemorySpanExporter();
  init({ exporters: [], spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const pieces = trace(async function* () { yield 'a'; yield 'b'; }, { name: 'pieces' });
  const stream = trace(() => new ReadableStream({ pull(c) { c.enqueue('s'); } }), { name: 'stream' });
  const sync = trace(function* () { yield 1; yield 2; }, { name: 'sync' });
  const query = trace(() => ({ then() {} }), { name: 'query' });
  const later = trace(() => ({ [Symbol.asyncIterator]: async function* () { yield 1; } }), { name: 'later' });
  const answer = trace(async () => new Response(new ReadableStream({ pull(c) { c.enqueue(new Uint8Array(4)); } })), { name: 'answer' });
  async function leave() {
    await pieces().next();
    await stream().getReader().read();
    sync().next();
    query();
    later();
    await (await answer()).body.getReader().read();
  }
  await leave();
  for (let turn = 0; turn < 200 && stats().live > 0; turn += 1) {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await flush();
  console.log(JSON.stringify(exporter.getFinishedSpans().map(({ name, attributes }) => [
    name, attributes['spandrel.abandoned'], attributes['output.value'] ?? null,
  ]).sort()));`;

test('what nobody reads on ends when it is collected, marked, with what came', async () => {
  const { code, stdout, stderr } = await run(await bundle(COLLECTED), { flags: ['--expose-gc'] });
  expect([code, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toEqual([
    ['answer', true, '[4 bytes]'],
    ['later', true, null],
    ['pieces', true, 'a'],
    ['query', true, null],
    ['stream', true, 's'],
    ['sync', true, '[1]'],
  ]);
});

test('what is still held ends when the event loop has run dry', async () => {
  const source = `
    import { init, trace } from './src/index.ts';
    import { ConsoleSpanExporter, SimpleSpanProcessor } from './src/otel.ts';
    const exporter = { export(spans, done) { for (const s of spans) console.log(s.name, s.attributes['spandrel.abandoned']); done({ code: 0 }); }, async shutdown() {} };
    init({ exporters: [], spanProcessors: [new SimpleSpanProcessor(exporter)] });
    globalThis.held = trace(function* () { yield 1; }, { name: 'held' })();
    held.next();`;
  const { code, stdout } = await run(await bundle(source));
  expect([code, stdout]).toEqual([0, 'held true\n']);
});
