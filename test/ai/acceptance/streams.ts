/** Cases of generators, iterators, streams and responses. */
import assert from 'node:assert/strict';
import type { Case } from './kit.ts';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** A stream that counts how often it was asked. */
function counted(pieces: unknown[], type?: 'bytes') {
  const asked = { pulls: 0, cancelled: undefined as unknown };
  const source = {
    type,
    pull(controller: ReadableStreamDefaultController & { byobRequest?: ReadableStreamBYOBRequest | null }) {
      asked.pulls += 1;
      if (pieces.length > 0) {
        controller.enqueue(pieces.shift());
        return;
      }
      controller.close();
      // A buffer that was brought goes back, empty.
      controller.byobRequest?.respond(0);
    },
    cancel(reason: unknown) {
      asked.cancelled = reason;
    },
  };
  return { asked, stream: new ReadableStream(source as never, { highWaterMark: 0 }) };
}

const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => Uint8Array.from(values);

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of source) all.push(one);
  return all;
}

export const streams: Record<string, Case> = {
  async 'async generator: next, return and throw run in its context'(kit) {
    const { trace, start, spans, startSpan } = kit;
    await start();
    const words = trace(
      async function* words() {
        try {
          startSpan('first').end();
          const given: string = yield 'a';
          await turn();
          startSpan(`got ${given}`).end();
          yield 'b';
        } catch (error) {
          startSpan(`caught ${(error as Error).message}`).end();
          yield 'after';
        } finally {
          await turn();
          startSpan('finally').end();
        }
      },
      { name: 'words' },
    );
    const returned = words();
    await returned.next();
    await returned.next('x' as never);
    assert.deepEqual(await returned.return(undefined as never), { done: true, value: undefined });
    const thrown = words();
    await thrown.next();
    assert.deepEqual(await thrown.throw(new Error('e')), { done: false, value: 'after' });
    assert.equal((await thrown.next()).done, true);
    const all = await spans();
    const [first, second] = all.filter(({ name }) => name === 'words').map(({ spanId }) => spanId);
    const children = all.filter(({ name }) => name !== 'words');
    assert.deepEqual(children.map(({ name }) => name).sort(), [
      'caught e',
      'finally',
      'finally',
      'first',
      'first',
      'got x',
    ]);
    for (const { parentId } of children) assert.ok(parentId === first || parentId === second);
  },

  async 'a generator and an iterator are the same object'({ trace, start }) {
    await start();
    const made = (function* () {
      yield 1;
    })();
    assert.equal(trace(() => made)(), made);
    function* kind() {
      yield 1;
    }
    const traced = trace(kind);
    assert.ok(traced() instanceof traced);
    assert.ok(traced() instanceof kind);
  },

  async 'early break ends the span once, with what came'({ trace, start, one, stats }) {
    await start();
    const count = trace(
      async function* count() {
        for (let index = 0; ; index += 1) yield `${index} `;
      },
      { name: 'count' },
    );
    for await (const value of count()) if (value === '2 ') break;
    assert.equal(stats().live, 0);
    const { attributes, status } = await one('count');
    assert.deepEqual(
      [attributes['output.value'], attributes['spandrel.output.partial'], status],
      ['0 1 2 ', true, 0],
    );
  },

  async 'an abandoned iterator ends at shutdown, marked'({ trace, start, shutdown, spans, stats }) {
    await start();
    const left = trace(
      async function* left() {
        yield 'a';
        yield 'b';
      },
      { name: 'left' },
    )();
    await left.next();
    assert.equal(stats().live, 1);
    let ended: Awaited<ReturnType<typeof spans>> = [];
    await Promise.all([shutdown(), spans().then((all) => (ended = all))]);
    if (ended.length === 0) return;
    assert.equal(ended[0].attributes['spandrel.abandoned'], true);
  },

  async 'an async iterator of no promises iterates as without us'({ trace, start, one }) {
    await start();
    let left = 3;
    const sloppy = trace(
      () => ({
        [Symbol.asyncIterator]() {
          return this;
        },
        next: () => ({ done: left === 0, value: left === 0 ? undefined : left-- }),
      }),
      { name: 'sloppy' },
    );
    assert.deepEqual(await collect(sloppy() as never), [3, 2, 1]);
    assert.equal((await one('sloppy')).attributes['output.value'], '[3,2,1]');
    const none = trace(() => ({ next: () => undefined, [Symbol.iterator]: () => none }))();
    assert.equal(none.next(), undefined);
  },

  async 'an iterable that makes its iterator later is followed'({ trace, start, one, startSpan }) {
    await start();
    class Stream {
      controller = new AbortController();
      async *[Symbol.asyncIterator]() {
        startSpan('inside').end();
        yield 'a';
        yield 'b';
      }
    }
    const stream = trace(async () => new Stream(), { name: 'stream' });
    const made = await stream();
    assert.ok(made.controller instanceof AbortController);
    assert.deepEqual(await collect(made), ['a', 'b']);
    const { spanId, attributes } = await one('stream');
    assert.equal(attributes['output.value'], 'ab');
    assert.equal((await one('inside')).parentId, spanId);
  },

  async 'ReadableStream: nothing is pulled that nobody asks for'({ trace, start }) {
    await start();
    const { asked, stream } = counted(['a', 'b', 'c']);
    const reader = trace(() => stream)().getReader();
    await turn();
    assert.equal(asked.pulls, 0);
    await reader.read();
    await turn();
    assert.equal(asked.pulls, 1);
    await reader.cancel();
  },

  async 'ReadableStream: cancel reaches the source with its reason'({ trace, start, one }) {
    await start();
    const { asked, stream } = counted(['a', 'b']);
    const reader = trace(() => stream, { name: 'read' })().getReader();
    await reader.read();
    await reader.cancel('enough');
    assert.equal(asked.cancelled, 'enough');
    const { attributes } = await one('read');
    assert.deepEqual([attributes['output.value'], attributes['spandrel.output.partial']], ['a', true]);
  },

  async 'ReadableStream: tee and pipeTo'({ trace, start, spans }) {
    await start();
    const open = trace((pieces: string[]) => counted(pieces).stream, { name: 'open', captureInput: false });
    const [left, right] = open(['a', 'b']).tee();
    assert.deepEqual(await Promise.all([collect(left), collect(right)]), [
      ['a', 'b'],
      ['a', 'b'],
    ]);
    const written: unknown[] = [];
    await open(['c', 'd']).pipeTo(new WritableStream({ write: (piece) => void written.push(piece) }));
    assert.deepEqual(written, ['c', 'd']);
    const outputs = (await spans()).map(({ attributes }) => attributes['output.value']);
    assert.deepEqual(outputs, ['ab', 'cd']);
  },

  async 'byte streams: a consumer brings its own buffer'({ trace, start, spans }) {
    await start();
    const options = { name: 'bytes', captureInput: false } as const;
    const plain = trace(() => counted([bytes(1, 2), bytes(3)], 'bytes').stream, options);
    const needsBuffer = trace(() => {
      let left = 2;
      return new ReadableStream({
        type: 'bytes',
        pull(controller) {
          const { byobRequest } = controller;
          assert.ok(byobRequest, 'this source writes to the buffers of its consumer');
          (byobRequest.view as Uint8Array)[0] = left;
          byobRequest.respond(1);
          left -= 1;
          if (left === 0) controller.close();
        },
      });
    }, options);
    for (const [open, expected] of [
      [plain, [1, 2, 3]],
      [needsBuffer, [2, 1]],
    ] as const) {
      const reader = open().getReader({ mode: 'byob' });
      const seen: number[] = [];
      let buffer = new ArrayBuffer(8);
      for (;;) {
        const { done, value } = await reader.read(new Uint8Array(buffer));
        if (value) {
          seen.push(...value);
          buffer = value.buffer as ArrayBuffer;
        }
        if (done) break;
      }
      assert.deepEqual(seen, expected);
    }
    const outputs = (await spans()).map(({ attributes }) => attributes['output.value']);
    assert.deepEqual(outputs, ['[3 bytes]', '[2 bytes]']);
  },

  async 'byte streams: `aggregate` gets the bytes that were handed on'({ trace, start, one }) {
    await start();
    const open = trace(() => counted([bytes(1, 2), bytes(3)], 'bytes').stream, {
      name: 'sum',
      aggregate: (chunks) => (chunks as Uint8Array[]).flatMap((chunk) => [...chunk]),
    });
    await collect(open() as never);
    assert.equal((await one('sum')).attributes['output.value'], '[1,2,3]');
  },

  async 'AbortSignal: the span ends once, marked, with what came'({ trace, start, spans, stats }) {
    await start();
    const abort = new AbortController();
    const read = trace(
      async function* read(signal: AbortSignal) {
        yield 'partial ';
        signal.throwIfAborted();
        yield 'never';
      },
      { name: 'read', captureInput: false },
    );
    await assert.rejects(
      async () => {
        for await (const _ of read(abort.signal)) abort.abort();
      },
      { name: 'AbortError' },
    );
    const waiting = trace(
      (signal: AbortSignal) =>
        new ReadableStream({
          start(controller) {
            controller.enqueue('piece');
            signal.addEventListener('abort', () => controller.error(signal.reason));
          },
        }),
      { name: 'wait', captureInput: false },
    );
    const second = new AbortController();
    const reader = waiting(second.signal).getReader();
    await reader.read();
    const rest = reader.read();
    second.abort();
    await assert.rejects(rest, { name: 'AbortError' });
    const ended = (await spans()).map(({ name, status, attributes }) => [
      name,
      status,
      attributes['output.value'],
      attributes['spandrel.aborted'],
      attributes['spandrel.output.partial'],
    ]);
    assert.deepEqual(ended, [
      ['read', 2, 'partial ', true, true],
      ['wait', 2, 'piece', true, true],
    ]);
    assert.equal(stats().live, 0);
  },

  async 'Response: text, json, clone, and what it says of itself'({ trace, start, spans }) {
    await start();
    const ask = trace(async (body: string, type: string) => {
      const response = new Response(body, { status: 201, headers: { 'content-type': type } });
      Object.defineProperty(response, 'url', { value: 'http://127.0.0.1/a' });
      return response;
    });
    const text = await ask('plain', 'text/plain');
    assert.deepEqual(
      [text.status, text.url, text.headers.get('content-type')],
      [201, 'http://127.0.0.1/a', 'text/plain'],
    );
    assert.ok(text instanceof Response);
    assert.equal(await text.text(), 'plain');
    assert.ok(text.bodyUsed);
    assert.deepEqual(await (await ask('{"a":1}', 'application/json')).json(), { a: 1 });
    const cloned = await ask('twice', 'text/plain');
    const other = cloned.clone();
    assert.equal(other.url, 'http://127.0.0.1/a');
    assert.deepEqual(await Promise.all([cloned.text(), other.text()]), ['twice', 'twice']);
    const outputs = (await spans()).map(({ attributes }) => attributes['output.value']);
    assert.deepEqual(outputs, ['plain', '{"a":1}', 'twice']);
  },

  async 'Response: server-sent events piece by piece'({ trace, start, one, stats }) {
    await start();
    const pieces = ['data: {"a":1}\n\n', 'data: é\n\n', 'data: [DONE]\n\n'];
    const encoded = new TextEncoder().encode(pieces.join(''));
    // Cut inside a character.
    const cut = encoded.indexOf(0xc3) + 1;
    const { stream } = counted([encoded.slice(0, cut), encoded.slice(cut)], 'bytes');
    const ask = trace(
      async () => new Response(stream, { headers: { 'content-type': 'text/event-stream' } }),
      { name: 'events' },
    );
    const response = await ask();
    assert.equal(stats().live, 1);
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body as never as AsyncIterable<Uint8Array>) {
      text += decoder.decode(chunk, { stream: true });
    }
    assert.equal(text, pieces.join(''));
    assert.equal((await one('events')).attributes['output.value'], pieces.join(''));
  },

  async 'Response: a subclass is the same object'({ trace, start, one }) {
    await start();
    class Parsed extends Response {
      #tag = 'mine';
      tag() {
        return this.#tag;
      }
    }
    const given = new Parsed('text', { headers: { 'content-type': 'text/plain' } });
    const response = await trace(async () => given, { name: 'parsed' })();
    assert.equal(response, given);
    assert.deepEqual([response.tag(), await response.text(), response.bodyUsed], ['mine', 'text', true]);
    assert.equal((await one('parsed')).attributes['output.value'], 'text');
  },
};
