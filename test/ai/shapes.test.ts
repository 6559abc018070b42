/** What a traced function may return, and when its span ends. */
import { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { span, startSpan, trace } from '../../src/ai/trace.ts';
import { shutdown, stats } from '../../src/init.ts';
import { startTracing, stopTracingAfterEach } from '../helpers/ai-spans.ts';

stopTracingAfterEach();

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a generator', () => {
  const count = trace(
    function* count(to: number): Generator<number, string, string | undefined> {
      for (let index = 0; index < to; index += 1) {
        startSpan(`child ${index}`).end();
        yield index;
      }
      return 'done';
    },
    { name: 'count' },
  );

  test('is the same object, ends with its last step, and its children have it as their parent', async () => {
    const { all, one } = await startTracing();
    const seen: number[] = [];
    for (const value of count(3)) {
      startSpan('between').end();
      seen.push(value);
    }
    expect(seen).toEqual([0, 1, 2]);
    const { spanId, plain } = await one('count');
    expect(plain).toEqual({ 'input.value': '3', 'output.value': '[0,1,2]' });
    const parents = Object.fromEntries((await all()).map(({ name, parentSpanId }) => [name, parentSpanId]));
    expect(parents).toEqual({
      count: '',
      between: '',
      'child 0': spanId,
      'child 1': spanId,
      'child 2': spanId,
    });
  });

  test('that is left early ends once, with what it gave', async () => {
    const { one } = await startTracing();
    for (const value of count(5)) if (value === 1) break;
    expect(stats().live).toBe(0);
    expect((await one('count')).plain).toMatchObject({
      'output.value': '[0,1]',
      'spandrel.output.partial': true,
    });
  });
});

describe('an async generator', () => {
  const words = trace(
    async function* words(list: string[]) {
      for (const word of list) {
        await turn();
        startSpan(`child ${word}`).end();
        yield word;
      }
    },
    { name: 'words' },
  );

  test('ends with its last step; children after await keep it as their parent', async () => {
    const { all, one } = await startTracing();
    let text = '';
    for await (const word of words(['to ', 'be'])) text += word;
    expect(text).toBe('to be');
    const { spanId, plain } = await one('words');
    expect(plain['output.value']).toBe('to be');
    for (const { name, parentSpanId } of await all()) {
      if (name.startsWith('child')) expect(parentSpanId).toBe(spanId);
    }
  });

  test('left early, or thrown into, ends once', async () => {
    const { all } = await startTracing();
    for await (const _ of words(['a', 'b', 'c'])) break;
    const thrown = words(['a', 'b']);
    await thrown.next();
    const error = new Error('from outside');
    await expect(thrown.throw(error)).rejects.toBe(error);
    const ended = (await all()).filter(({ name }) => name === 'words');
    const outcomes = ended.map(({ plain, status }) => [plain['output.value'], status.code]);
    expect(outcomes.sort()).toEqual([
      ['a', 0],
      ['a', 2],
    ]);
    expect(stats().live).toBe(0);
  });

  test('abandoned, it ends at shutdown', async () => {
    const { all } = await startTracing();
    const left = words(['a', 'b']);
    await left.next();
    await shutdown();
    const spans = await all();
    const one = spans.find(({ name }) => name === 'words');
    expect(one?.plain).toMatchObject({ 'output.value': 'a', 'spandrel.abandoned': true });
  });
});

describe('a stream', () => {
  const stream = (pieces: unknown[]): ReadableStream<unknown> =>
    new ReadableStream({
      pull(controller) {
        if (pieces.length === 0) controller.close();
        else controller.enqueue(pieces.shift());
      },
    });

  test('of text ends when it was read', async () => {
    const { one } = await startTracing();
    const read = trace(async () => stream(['to ', 'be']), { name: 'read' });
    let text = '';
    for await (const piece of await read()) text += piece;
    expect(text).toBe('to be');
    expect((await one('read')).plain['output.value']).toBe('to be');
  });

  test('that is cancelled ends once, with what came', async () => {
    const { one } = await startTracing();
    const reader = trace(() => stream(['a', 'b']), { name: 'read' })().getReader();
    await reader.read();
    await reader.cancel('enough');
    expect((await one('read')).plain).toMatchObject({ 'output.value': 'a', 'spandrel.output.partial': true });
  });

  test('of a Response ends with its body, which reads as before', async () => {
    const { one } = await startTracing();
    const ask = trace(async () => Response.json({ answer: 42 }, { status: 201, headers: { 'x-a': 'b' } }), {
      name: 'ask',
    });
    const response = await ask();
    expect([response.status, response.headers.get('x-a')]).toEqual([201, 'b']);
    expect(await response.json()).toEqual({ answer: 42 });
    expect((await one('ask')).plain['output.value']).toBe('{"answer":42}');
  });

  test('of Node.js ends with it, and flows only when somebody reads', async () => {
    const { one } = await startTracing();
    const readable = trace(() => Readable.from(['a', 'b']), { name: 'read' })();
    await turn();
    expect(stats().live).toBe(1);
    const pieces: unknown[] = [];
    for await (const piece of readable) pieces.push(piece);
    await turn();
    expect(pieces).toEqual(['a', 'b']);
    expect((await one('read')).status.code).toBe(0);
  });
});

describe('a thenable', () => {
  test('is the same object, is asked by the program alone, and ends when it settles', async () => {
    const { one } = await startTracing();
    let asked = 0;
    const query = {
      // biome-ignore lint/suspicious/noThenProperty: a query builder runs when it is awaited.
      then(resolve: (rows: string[]) => void) {
        asked += 1;
        resolve(['row']);
      },
    };
    const run = trace(() => query, { name: 'run' });
    expect(run()).toBe(query);
    await turn();
    expect([asked, stats().live]).toEqual([0, 1]);
    expect(await query).toEqual(['row']);
    expect(asked).toBe(1);
    expect((await one('run')).plain['output.value']).toBe('["row"]');
  });
});

test('span() follows what its function returns as well', async () => {
  const { one } = await startTracing();
  const iterator = span('outer', function* () {
    yield 1;
  });
  expect([...iterator]).toEqual([1]);
  expect((await one('outer')).plain).toEqual({});
});
