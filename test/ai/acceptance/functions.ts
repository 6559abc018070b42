/** Cases of functions that return a value, a promise or a thenable. */
import assert from 'node:assert/strict';
import type { Case } from './kit.ts';

const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** How many microtasks pass until a promise that has its value tells so. */
async function ticksOf(make: () => PromiseLike<unknown>): Promise<number> {
  let ticks = 0;
  let isDone = false;
  make().then(() => {
    isDone = true;
  });
  while (!isDone && ticks < 20) {
    ticks += 1;
    await undefined;
  }
  return ticks;
}

export const functions: Record<string, Case> = {
  async 'sync stays sync'({ trace, start, one }) {
    await start();
    const seen: string[] = [];
    const result = trace((a: number, b: number) => a + b, { name: 'add' })(1, 2);
    seen.push('after');
    assert.deepEqual([result, seen], [3, ['after']]);
    const { attributes } = await one('add');
    assert.deepEqual([attributes['input.value'], attributes['output.value']], ['[1,2]', '3']);
  },

  async '`this` is the caller’s'({ trace, start }) {
    await start();
    class Counter {
      #count = 1;
      static base = 10;
      add = trace(function (this: Counter, by: number) {
        return this.#count + by;
      });
      static twice = trace(function (this: typeof Counter) {
        return this.base * 2;
      });
    }
    assert.deepEqual([new Counter().add(2), Counter.twice()], [3, 20]);
    const bare = trace(function (this: unknown) {
      return this;
    });
    assert.equal(bare(), undefined);
    assert.equal(bare.call(null), null);
  },

  'name, length, kind and members stay'({ trace }) {
    // Declared: Bun puts a constant that is used once in its place, where it has no name.
    async function members(_a: number, _b: number) {}
    const traced = trace(Object.assign(members, { version: 3 }));
    assert.deepEqual([traced.name, traced.length, traced.version], ['members', 2, 3]);
    async function later() {}
    const isolated = trace(later);
    assert.equal(isolated.constructor.name, later.constructor.name);
    assert.equal(Object.hasOwn(isolated, 'prototype'), false);
    function Old(this: { a: number }) {
      this.a = 1;
    }
    const Made = trace(Old) as unknown as new () => { a: number };
    const made = new Made();
    assert.ok(made instanceof Made && made instanceof (Old as never));
    assert.equal(made.a, 1);
    assert.throws(() => new (isolated as never as new () => unknown)(), TypeError);
  },

  async 'a sync throw ends the span once, and is thrown on untouched'({ trace, start, spans, stats }) {
    await start();
    const error = Object.freeze(new Error('frozen'));
    const fail = trace(
      () => {
        throw error;
      },
      { name: 'fail' },
    );
    assert.throws(fail, (thrown) => thrown === error);
    const [{ status, events }, ...others] = await spans();
    assert.deepEqual([status, events, others.length, stats().live], [2, ['exception'], 0, 0]);
  },

  async 'a rejection ends the span once, and is the same'({ trace, start, spans, stats }) {
    await start();
    const reason = { no: 'error' };
    const fail = trace(async () => Promise.reject(reason), { name: 'fail' });
    await fail().then(
      () => assert.fail('expected a rejection'),
      (thrown) => assert.equal(thrown, reason),
    );
    const [{ status, events }, ...others] = await spans();
    assert.deepEqual([status, events, others.length, stats().live], [2, ['exception'], 0, 0]);
  },

  async 'a promise costs one microtask, a function none, a chunk one'({ trace, start }) {
    await start();
    const bare = async (): Promise<number> => 1;
    const traced = trace(bare);
    assert.equal((await ticksOf(traced)) - (await ticksOf(bare)), 1);
    async function* pieces() {
      yield 1;
    }
    const [first, second] = [pieces(), trace(pieces)()];
    assert.equal((await ticksOf(() => second.next())) - (await ticksOf(() => first.next())), 1);
    // biome-ignore lint/suspicious/noThenProperty: a thenable of another make.
    const query = { then: (resolve: (value: number) => void) => resolve(1) };
    assert.equal(await ticksOf(() => trace(() => query)() as never), await ticksOf(() => query as never));
  },

  async 'a custom thenable is the same object, and asked by the program alone'(kit) {
    const { trace, start, one, stats, span, currentSpan } = kit;
    await start();
    let asked = 0;
    const query = {
      // biome-ignore lint/suspicious/noThenProperty: a query builder runs when it is awaited.
      then(resolve: (rows: string[]) => void) {
        asked += 1;
        resolve(['row']);
      },
    };
    assert.equal(trace(() => query, { name: 'query' })(), query);
    await turn();
    assert.deepEqual([asked, stats().live], [0, 1]);
    let seen: unknown;
    await span('asker', async (asker) => {
      await new Promise<void>((resolve) => {
        (query.then as (resolve: (rows: string[]) => void) => void)(() => {
          seen = currentSpan() === asker;
          resolve();
        });
      });
    });
    assert.deepEqual([asked, seen], [1, true]);
    assert.equal((await one('query')).attributes['output.value'], '["row"]');
  },

  async 'a subclass of Promise is the same object with its methods'({ trace, start, one }) {
    await start();
    class Cancelable<T> extends Promise<T> {
      cancel() {
        return 'cancelled';
      }
    }
    const promise = Cancelable.resolve(5) as Cancelable<number>;
    const traced = trace(() => promise, { name: 'cancelable' })();
    assert.equal(traced, promise);
    assert.equal(traced.cancel(), 'cancelled');
    assert.equal(await traced, 5);
    assert.equal((await one('cancelable')).attributes['output.value'], '5');
  },

  async 'members that a program has put on its promise stay'({ trace, start }) {
    await start();
    const child = trace(() => Object.assign(Promise.resolve(1), { kill: () => 'killed' }))();
    assert.equal(child.kill(), 'killed');
    assert.equal(await child, 1);
  },

  async 'three sessions through one module-level wrapper'({ trace, start, spans, withSession }) {
    await start();
    const handle = trace(
      async (_id: string) => {
        await turn();
        await turn();
      },
      { name: 'handle' },
    );
    await Promise.all(['a', 'b', 'c'].map((id) => withSession({ sessionId: id }, () => handle(id))));
    const pairs = (await spans()).map(({ attributes }) => [
      attributes['input.value'],
      attributes['session.id'],
    ]);
    assert.deepEqual(pairs.sort(), [
      ['a', 'a'],
      ['b', 'b'],
      ['c', 'c'],
    ]);
  },

  async 'an input of 500 messages keeps session, type, output and usage'(kit) {
    const { trace, start, one, withSession, enrichSpan } = kit;
    await start({ limits: { attributeCountLimit: 16 } });
    const messages = Array.from({ length: 500 }, (_, index) => ({ role: 'user', content: `turn ${index}` }));
    const flat = Object.fromEntries(messages.map(({ content }, index) => [`message.${index}`, content]));
    const chat = trace(
      async (_: typeof messages) => {
        enrichSpan({ attributes: flat, usage: { inputTokens: 9, outputTokens: 8 } });
        return 'answer';
      },
      { name: 'chat', type: 'model' },
    );
    await withSession({ sessionId: 's' }, () => chat(messages));
    const { attributes } = await one('chat');
    assert.deepEqual(
      ['session.id', 'gen_ai.operation.name', 'output.value', 'gen_ai.usage.input_tokens'].map(
        (key) => attributes[key],
      ),
      ['s', 'chat', 'answer', 9],
    );
    assert.equal(JSON.parse(String(attributes['input.value'])).length, 500);
  },

  async 'minified names: the span is called as the options say, else as the function'({
    trace,
    start,
    spans,
  }) {
    await start();
    const minified = new Function('t', 'const a=t((b)=>b,{name:"answer"}),c=t(function(){});a(1);c();');
    minified(trace);
    trace(() => {})();
    assert.deepEqual((await spans()).map(({ name }) => name).sort(), ['anonymous', 'anonymous', 'answer']);
  },

  async 'two tracers are isolated'({ trace, start, spans, otel }) {
    await start();
    const exporter = new otel.InMemorySpanExporter();
    const provider = new otel.BasicTracerProvider({
      spanProcessors: [new otel.SimpleSpanProcessor(exporter)],
    });
    trace((_: string) => 1, { name: 'other', tracer: provider.getTracer('other') })('secret');
    trace(() => 2, { name: 'own' })();
    await provider.forceFlush();
    const others = exporter.getFinishedSpans().map(({ name }) => name);
    await provider.shutdown();
    assert.deepEqual([others, (await spans()).map(({ name }) => name)], [['other'], ['own']]);
  },

  async 'a second init changes nothing'({ trace, start, spans, init, otel }) {
    await start();
    const exporter = new otel.InMemorySpanExporter();
    init({ exporters: [], spanProcessors: [new otel.SimpleSpanProcessor(exporter)] });
    trace(() => 1, { name: 'once' })();
    assert.deepEqual(
      [(await spans()).map(({ name }) => name), exporter.getFinishedSpans().length],
      [['once'], 0],
    );
  },

  async 'a tracer that throws costs the span, and not the call'({ trace, start }) {
    await start();
    const broken = {
      startSpan() {
        throw new Error('broken tracer');
      },
    };
    assert.equal(trace((a: number) => a * 2, { tracer: broken as never })(4), 8);
    const halfBroken = {
      startSpan: () => ({
        isRecording: () => true,
        setAttribute() {},
        end() {
          throw new Error('broken span');
        },
      }),
    };
    assert.equal(await trace(async (a: number) => a * 2, { tracer: halfBroken as never })(4), 8);
  },

  async 'a span ends with its block, before init and after, whatever is thrown'({ startSpan, start, spans }) {
    if (Symbol.dispose === undefined) return;
    startSpan('before')[Symbol.dispose]();
    await start();
    startSpan('in')[Symbol.dispose]();
    assert.deepEqual(
      (await spans()).map(({ name }) => name),
      ['in'],
    );
  },
};
