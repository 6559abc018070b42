import { EventEmitter } from 'node:events';
import {
  type Context,
  context as contextApi,
  createContextKey,
  ROOT_CONTEXT,
  type Span,
  trace,
} from '@opentelemetry/api';
import { suppressTracing as upstreamSuppress } from '@opentelemetry/core';
import { afterEach, describe, expect, test } from 'vitest';
import {
  AsyncLocalStorageContextManager,
  activeContext,
  isSuppressed,
  ownContextManager,
  SpanFrame,
  spanOf,
  withContext,
  withoutSpan,
} from '../src/api/context.ts';
import { isTracingSuppressed, suppressTracing, unsuppressTracing } from '../src/api/suppress-tracing.ts';
import { record } from './helpers/api-recorder.ts';

const KEY = createContextKey('test value');
const manager = new AsyncLocalStorageContextManager();
const valued = (value: unknown, base: Context = ROOT_CONTEXT): Context => base.setValue(KEY, value);
const current = (): unknown => manager.active().getValue(KEY);
const span = (): Span => record().tracer.startSpan('s', {}, ROOT_CONTEXT);

afterEach(() => {
  contextApi.disable();
});

describe('the context manager', () => {
  test('is in the root context until told otherwise', () => {
    expect(manager.active()).toBe(ROOT_CONTEXT);
    expect(manager.enable()).toBe(manager);
  });

  test('runs a function in a context, with this and arguments, and gives back what it returns', () => {
    const self = { name: 'self' };
    const result = manager.with(
      valued(1),
      function (this: unknown, a: number, b: number) {
        return [this, a, b, current()];
      },
      self,
      2,
      3,
    );
    expect(result).toEqual([self, 2, 3, 1]);
    expect(manager.active()).toBe(ROOT_CONTEXT);
  });

  test('restores the context when the function throws, and throws the same', () => {
    const error = new Error('mine');
    const run = () =>
      manager.with(valued(1), () => {
        throw error;
      });
    expect(run).toThrow(error);
    expect(manager.active()).toBe(ROOT_CONTEXT);
  });

  test('a null this is passed on as none', () => {
    const self = manager.with(
      valued(1),
      function (this: unknown) {
        return this;
      },
      null as never,
    );
    expect(self ?? 'none').toBe('none');
  });

  test('follows await, promises, timers, microtasks and ticks', async () => {
    const seen: Record<string, unknown> = {};
    const note = (name: string) => () => {
      seen[name] = current();
    };
    await manager.with(valued('a'), async () => {
      await Promise.resolve();
      note('await')();
      await Promise.all([
        new Promise<void>((resolve) => setTimeout(resolve, 1)).then(note('then')),
        new Promise<void>((resolve) => setTimeout(() => resolve(note('timeout')()), 1)),
        new Promise<void>((resolve) => setImmediate(() => resolve(note('immediate')()))),
        new Promise<void>((resolve) => process.nextTick(() => resolve(note('tick')()))),
        new Promise<void>((resolve) => queueMicrotask(() => resolve(note('microtask')()))),
        Promise.reject(new Error('x')).catch(note('catch')),
      ]);
      note('after')();
    });
    const names = ['await', 'then', 'timeout', 'immediate', 'tick', 'microtask', 'catch', 'after'];
    expect(seen).toEqual(Object.fromEntries(names.map((name) => [name, 'a'])));
    expect(current()).toBeUndefined();
  });

  test('keeps 100 interleaved tasks apart', async () => {
    const task = async (): Promise<unknown[]> => {
      const seen: unknown[] = [];
      for (let step = 0; step < 3; step += 1) {
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(current());
      }
      return seen;
    };
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, index) => manager.with(valued(index), task)),
    );
    expect(results).toEqual(Array.from({ length: 100 }, (_, index) => [index, index, index]));
  });

  test('follows an async generator into each of its steps', async () => {
    async function* steps(): AsyncGenerator<unknown> {
      yield current();
      await Promise.resolve();
      yield current();
    }
    const seen = await manager.with(valued('g'), async () => {
      const values: unknown[] = [];
      for await (const value of steps()) values.push(value);
      return values;
    });
    expect(seen).toEqual(['g', 'g']);
  });

  test('nests 1,000 deep and unwinds one by one', () => {
    const depths: unknown[] = [];
    const descend = (depth: number): void => {
      if (depth === 1000) return;
      manager.with(valued(depth, manager.active()), () => descend(depth + 1));
      depths.push(current());
    };
    descend(0);
    expect(depths).toEqual([...Array.from({ length: 999 }, (_, index) => 998 - index), undefined]);
  });

  test('after disable() no context is active any more', () => {
    const own = new AsyncLocalStorageContextManager();
    own.with(valued(1), () => {
      expect(own.active().getValue(KEY)).toBe(1);
      expect(own.disable()).toBe(own);
      expect(own.active()).toBe(ROOT_CONTEXT);
    });
    expect(own.with(valued(2), () => own.active().getValue(KEY))).toBe(2);
  });
});

describe('bind', () => {
  test('runs a function in its context wherever it is called, with this, arguments and length', () => {
    const bound = manager.bind(valued('bound'), function (this: unknown, a: unknown, b: unknown) {
      return [this, a, b, current()];
    });
    const self = {};
    expect(manager.with(valued('caller'), () => bound.call(self, 1, 2))).toEqual([self, 1, 2, 'bound']);
    expect(bound).toHaveLength(2);
  });

  test('gives back what is neither a function nor an emitter', () => {
    const object = { on: 1 };
    expect(manager.bind(valued(1), object)).toBe(object);
    expect([null, undefined, 5, 'text'].map((value) => manager.bind(valued(1), value))).toEqual([
      ...[null, undefined, 5, 'text'],
    ]);
  });

  test('binds an emitter: bind-emitter.test.ts says how', () => {
    const emitter = new EventEmitter();
    expect(manager.bind(valued('e'), emitter)).toBe(emitter);
    let seen: unknown;
    emitter.on('x', () => {
      seen = current();
    });
    emitter.emit('x');
    expect(seen).toBe('e');
  });
});

describe('attach', () => {
  test('makes a context active from here on, until its token is disposed', async () => {
    await manager.with(valued('around'), async () => {
      await Promise.resolve();
      const token = manager.attach(valued('attached'));
      expect(current()).toBe('attached');
      await Promise.resolve();
      expect(current()).toBe('attached');
      await new Promise((resolve) => setImmediate(resolve));
      manager.with(valued('inner'), () => expect(current()).toBe('inner'));
      expect(current()).toBe('attached');
      token.dispose();
      expect(current()).toBe('around');
    });
    expect(current()).toBeUndefined();
  });

  test('bridges a pair of hooks that no function encloses', () => {
    const tokens = new Map<number, { dispose(): void }>();
    const enter = (id: number) => tokens.set(id, manager.attach(valued(id, manager.active())));
    const leave = (id: number) => tokens.get(id)?.dispose();
    enter(1);
    enter(2);
    expect(current()).toBe(2);
    leave(2);
    expect(current()).toBe(1);
    leave(1);
    expect(manager.active()).toBe(ROOT_CONTEXT);
  });

  test('a token gives back what was active when it was made, once', () => {
    manager.with(valued('around'), () => {
      const first = manager.attach(valued('first'));
      const second = manager.attach(valued('second'));
      first.dispose();
      expect(current()).toBe('around');
      second.dispose();
      expect(current()).toBe('first');
      second.dispose();
      first.dispose();
      expect(current()).toBe('first');
    });
    expect(current()).toBeUndefined();
  });

  test('ends with the function that is run in a context', () => {
    manager.with(valued('outer'), () => {
      manager.with(valued('inner'), () => void manager.attach(valued('left attached')));
      expect(current()).toBe('outer');
    });
  });

  test('does not reach what was started before', async () => {
    await manager.with(valued('around'), async () => {
      const earlier = new Promise((resolve) => setImmediate(() => resolve(current())));
      const token = manager.attach(valued('attached'));
      const later = new Promise((resolve) => setImmediate(() => resolve(current())));
      token.dispose();
      expect(await Promise.all([earlier, later])).toEqual(['around', 'attached']);
    });
  });

  test('carries suppression and spans as any context', () => {
    const one = span();
    const token = manager.attach(suppressTracing(new SpanFrame(valued('v'), one)));
    expect([isSuppressed(manager.active()), spanOf(manager.active()), current()]).toEqual([true, one, 'v']);
    token.dispose();
    expect(isSuppressed(manager.active())).toBe(false);
  });
});

describe('a context with a span', () => {
  test('shows the span to the API and to us, and keeps the values beside it', () => {
    const [one, two] = [span(), span()];
    const frame = new SpanFrame(valued('v'), one);
    expect(trace.getSpan(frame)).toBe(one);
    expect(frame.getValue(KEY)).toBe('v');
    const inner = new SpanFrame(frame, two);
    expect([trace.getSpan(inner), inner.getValue(KEY)]).toEqual([two, 'v']);
    // The base of a frame is never a frame: a look-up takes one step however deep spans nest.
    expect(inner.base instanceof SpanFrame).toBe(false);
  });

  test('setting and deleting values makes a new context and changes none', () => {
    const [one, two] = [span(), span()];
    const frame = new SpanFrame(ROOT_CONTEXT, one);
    const withValue = frame.setValue(KEY, 1);
    expect([withValue.getValue(KEY), trace.getSpan(withValue)]).toEqual([1, one]);
    expect(frame.getValue(KEY)).toBeUndefined();
    const without = withValue.deleteValue(KEY);
    expect([without.getValue(KEY), trace.getSpan(without)]).toEqual([undefined, one]);
    expect(trace.getSpan(trace.setSpan(withValue, two))).toBe(two);
    const spanless = trace.deleteSpan(trace.setSpan(withValue, two));
    expect([trace.getSpan(spanless), spanless.getValue(KEY)]).toEqual([undefined, 1]);
    expect(trace.getSpan(frame)).toBe(one);
  });

  test('is read the same whether the API made it or we did', () => {
    const one = span();
    const made = [trace.setSpan(valued('v'), one), new SpanFrame(valued('v'), one)];
    for (const context of made) {
      expect(spanOf(context)).toBe(one);
      expect(trace.getSpan(withoutSpan(context))).toBeUndefined();
      expect(withoutSpan(context).getValue(KEY)).toBe('v');
    }
    expect(spanOf(ROOT_CONTEXT)).toBeUndefined();
  });

  test('1,000 frames deep, the value of the outermost context is still there', () => {
    let context: Context = valued('outermost');
    for (let depth = 0; depth < 1000; depth += 1) context = new SpanFrame(context, span());
    expect(context.getValue(KEY)).toBe('outermost');
  });
});

describe('suppression', () => {
  test('is the key of opentelemetry-js, in either direction', () => {
    expect(isSuppressed(upstreamSuppress(ROOT_CONTEXT))).toBe(true);
    expect(isTracingSuppressed(upstreamSuppress(ROOT_CONTEXT))).toBe(true);
    expect(isSuppressed(suppressTracing(ROOT_CONTEXT))).toBe(true);
    expect(isSuppressed(unsuppressTracing(suppressTracing(ROOT_CONTEXT)))).toBe(false);
    expect(isSuppressed(ROOT_CONTEXT)).toBe(false);
  });

  test('survives a span being set, and ends when it is taken back', () => {
    const suppressed = suppressTracing(new SpanFrame(ROOT_CONTEXT, span()));
    expect(isSuppressed(suppressed)).toBe(true);
    expect(isSuppressed(new SpanFrame(suppressed, span()))).toBe(true);
    expect(isSuppressed(trace.setSpan(suppressed, span()))).toBe(true);
    expect(isSuppressed(new SpanFrame(suppressTracing(ROOT_CONTEXT), span()))).toBe(true);
    expect(isSuppressed(unsuppressTracing(suppressed))).toBe(false);
  });
});

describe('the active context', () => {
  test('is our own where no manager is registered, and that of the registered one otherwise', () => {
    expect(activeContext()).toBe(ROOT_CONTEXT);
    expect(withContext(valued('own'), () => activeContext().getValue(KEY))).toBe('own');
    const registered = new AsyncLocalStorageContextManager();
    contextApi.setGlobalContextManager(registered);
    registered.with(valued('registered'), () => {
      expect(activeContext().getValue(KEY)).toBe('registered');
      expect(contextApi.active()).toBe(activeContext());
      withContext(valued('inner'), () => expect(contextApi.active().getValue(KEY)).toBe('inner'));
    });
    contextApi.disable();
    expect(ownContextManager.with(valued('again'), () => activeContext().getValue(KEY))).toBe('again');
  });
});
