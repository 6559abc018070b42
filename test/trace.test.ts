import {
  context as contextApi,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace as traceApi,
} from '@opentelemetry/api';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import { span, startSpan, trace } from '../src/ai/trace.ts';
import type { OtlpSpan } from '../src/export/otlp-message.ts';
import { flush, type InitOptions, init, shutdown, stats } from '../src/init.ts';
import { hostileProxy } from './helpers/api-hostile.ts';
import { type OtlpReceiver, receiveOtlp } from './helpers/api-receiver.ts';
import { balance, captureWarnings, plainAttributes, record } from './helpers/api-recorder.ts';

const lines = captureWarnings();
let receiver: OtlpReceiver;

async function start(options: InitOptions = {}): Promise<void> {
  receiver = await receiveOtlp();
  init({ endpoint: receiver.base, ...options });
}

/** The finished spans, after a flush, by name. */
async function spans(): Promise<Record<string, OtlpSpan & { plain: Record<string, unknown> }>> {
  await flush();
  return Object.fromEntries(
    receiver.spans.map((one) => [one.name, { ...one, plain: plainAttributes(one.attributes) }]),
  );
}

beforeEach(() => {
  vi.unstubAllEnvs();
});

afterEach(async () => {
  await shutdown();
  traceApi.disable();
  contextApi.disable();
  propagation.disable();
});

test('without init(), spans go to the global provider, without content', async () => {
  vi.resetModules();
  const fresh = await import('../src/ai/trace.ts');
  const { exporter, provider } = record();
  provider.register();
  fresh.trace((_: string) => 'out', { name: 'global' })('in');
  const [one] = exporter.spans;
  expect([one.name, one.attributes]).toEqual(['global', []]);
});

describe('a traced function', () => {
  test('keeps this, name, length and type', async () => {
    await start();
    class Model {
      readonly factor = 3;
      scale = trace(function scale(this: Model, value: number, _unused?: string): number {
        return value * this.factor;
      });
    }
    const model = new Model();
    expect(model.scale(2)).toBe(6);
    expect([model.scale.name, model.scale.length]).toEqual(['scale', 2]);
    expectTypeOf(model.scale).toEqualTypeOf<(this: Model, value: number, _unused?: string) => number>();
    expect(await spans()).toHaveProperty('scale');
  });

  test('is a span each call, with input and output, ended when it returns', async () => {
    await start();
    const add = trace((a: number, b: { c: number }) => ({ sum: a + b.c }), { name: 'add' });
    expect(add(1, { c: 2 })).toEqual({ sum: 3 });
    expect(stats()).toMatchObject({ started: 1, live: 0 });
    const { add: one } = await spans();
    expect(one).toMatchObject({ kind: 1, parentSpanId: '', status: { code: 0, message: '' } });
    expect(one.plain).toEqual({ 'input.value': '[1,{"c":2}]', 'output.value': '{"sum":3}' });
  });

  test('one argument is captured as it is; none, and no result, not at all', async () => {
    await start();
    trace((_text: string) => {}, { name: 'one' })('the prompt');
    trace(() => {}, { name: 'none' })();
    const { one, none } = await spans();
    expect(one.plain).toEqual({ 'input.value': 'the prompt' });
    expect(none.plain).toEqual({});
  });

  test('takes its name from the function, the option, or is anonymous', async () => {
    await start();
    const named = { method: () => {} }.method;
    for (const fn of [trace(named), trace(named, { name: 'option' }), trace((() => () => {})())]) fn();
    expect(Object.keys(await spans()).sort()).toEqual(['anonymous', 'method', 'option']);
  });

  test('takes kind and attributes, which a sampler sees', async () => {
    const seen: unknown[] = [];
    const sampler = {
      shouldSample: (...args: unknown[]) => {
        seen.push(args[3], args[4]);
        return { decision: 2 as const };
      },
    };
    await start({ sampler });
    trace(() => {}, { name: 's', kind: SpanKind.CLIENT, attributes: { model: 'm' } })();
    const { s } = await spans();
    expect([s.kind, s.plain]).toEqual([3, { model: 'm' }]);
    expect(seen).toEqual([SpanKind.CLIENT, { model: 'm' }]);
  });

  test('an input is captured before the function runs', async () => {
    await start();
    const list = [1];
    trace((items: number[]) => items.push(2), { name: 's' })(list);
    expect((await spans()).s.plain['input.value']).toBe('[1]');
  });

  test('synchronous stays synchronous, and what it returns is the same object', async () => {
    await start();
    const result = Object.fromEntries([['then', 'not a function']]);
    expect(trace(() => result)()).toBe(result);
    expect(trace(() => undefined)()).toBeUndefined();
    const lazy = { *items() {} };
    const iterator = lazy.items();
    expect(trace(() => iterator)()).toBe(iterator);
  });

  test('an asynchronous one ends when its promise settles, with the value', async () => {
    await start();
    let resolve: (value: string) => void = () => {};
    const ask = trace(() => new Promise<string>((done) => (resolve = done)), { name: 'ask' });
    const answer = ask();
    expect(answer).toBeInstanceOf(Promise);
    expect(stats()).toMatchObject({ started: 1, live: 1 });
    resolve('the answer');
    expect(await answer).toBe('the answer');
    expect(stats().live).toBe(0);
    expect((await spans()).ask.plain).toEqual({ 'output.value': 'the answer' });
  });

  test('nests through await, timers and interleaved calls', async () => {
    await start();
    const leaf = trace(async (name: string) => {
      await new Promise((done) => setTimeout(done, 1));
      startSpan(`leaf ${name}`).end();
    });
    const branch = trace(
      async (name: string) => {
        await Promise.resolve();
        span(`step ${name}`, () => {});
        await Promise.all([leaf(`${name}1`), leaf(`${name}2`)]);
      },
      { name: 'branch' },
    );
    await Promise.all([branch('a'), branch('b')]);
    await flush();
    const byId = new Map(receiver.spans.map((one) => [one.spanId, one]));
    const path = (one: OtlpSpan): string =>
      one.parentSpanId === '' ? one.name : `${path(byId.get(one.parentSpanId) as OtlpSpan)}/${one.name}`;
    const traces = new Map<string, string[]>();
    for (const one of receiver.spans)
      traces.set(one.traceId, [...(traces.get(one.traceId) ?? []), path(one)].sort());
    const expected = (name: string) => [
      ...['branch', 'branch/anonymous', 'branch/anonymous'],
      ...[`branch/anonymous/leaf ${name}1`, `branch/anonymous/leaf ${name}2`, `branch/step ${name}`],
    ];
    expect([...traces.values()].sort((a, b) => a.join().localeCompare(b.join()))).toEqual([
      expected('a'),
      expected('b'),
    ]);
  });
});

describe('errors', () => {
  const values = [
    new TypeError('message'),
    'text',
    undefined,
    null,
    5n,
    { message: 'in an object' },
    Object.freeze(new Error('frozen')),
    Object.create(null),
    hostileProxy(),
    hostileProxy(new Error('behind a proxy')),
  ];
  // By index: the test runner cannot print some of them.
  test.each(values.map((_, index) => index))(
    'thrown value %i is thrown on untouched, sync and async',
    async (index) => {
      await start();
      const value = values[index];
      let caught: unknown = start;
      try {
        trace(() => {
          throw value;
        })();
      } catch (error) {
        caught = error;
      }
      expect(caught === value).toBe(true);
      caught = start;
      await trace(async () => {
        await Promise.resolve();
        throw value;
      })().catch((error) => {
        caught = error;
      });
      expect(caught === value).toBe(true);
      expect(stats()).toMatchObject({ started: 2, live: 0 });
      await flush();
      expect(receiver.spans.map(({ status }) => status.code)).toEqual([2, 2]);
    },
  );

  test('set the status, and are recorded with their stack', async () => {
    await start();
    const error = new RangeError('too far');
    const fail = trace(
      (_prompt: string) => {
        throw error;
      },
      { name: 'fail' },
    );
    expect(() => fail('p')).toThrow(error);
    const { fail: one } = await spans();
    expect(one.status).toEqual({ code: SpanStatusCode.ERROR, message: 'too far' });
    expect(one.events).toHaveLength(1);
    expect(plainAttributes(one.events[0].attributes)).toEqual({
      'exception.type': 'RangeError',
      'exception.message': 'too far',
      'exception.stacktrace': error.stack,
    });
    expect(one.plain).toEqual({ 'error.type': 'RangeError', 'input.value': 'p' });
  });

  test('a rejection nobody handles is reported by the host once, as without us', async () => {
    await start();
    const reasons: unknown[] = [];
    const listener = (reason: unknown): void => void reasons.push(reason);
    const others = process.listeners('unhandledRejection');
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', listener);
    try {
      const error = new Error('nobody');
      void trace(async () => {
        throw error;
      })();
      trace(async () => {
        throw new Error('handled');
      })().catch(() => {});
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      expect(reasons).toEqual([error]);
    } finally {
      process.off('unhandledRejection', listener);
      for (const one of others) process.on('unhandledRejection', one);
    }
  });
});

describe('content', () => {
  const call = (content?: boolean): void => {
    trace((_: string) => 'out', { name: 'call', content })('in');
  };
  const captured = async (): Promise<string[]> => Object.keys((await spans()).call.plain);
  const both = ['input.value', 'output.value'];

  test.each<[string, InitOptions, string | undefined, boolean | undefined, string[]]>([
    ['is captured by default', {}, undefined, undefined, both],
    ['is not, when the option says metadata', { content: 'metadata' }, undefined, undefined, []],
    ['is not, when the option says none', { content: 'none' }, undefined, undefined, []],
    ['is not, when the variable says false', {}, 'false', undefined, []],
    ['is, when the variable says true', {}, 'true', undefined, both],
    ['the option beats the variable', { content: 'all' }, 'false', undefined, both],
    ['an invalid option captures nothing', { content: 'yes' as never }, undefined, undefined, []],
    ['the function beats both: on', { content: 'none' }, 'false', true, both],
    ['the function beats both: off', { content: 'all' }, 'true', false, []],
  ])('%s', async (_, options, variable, own, expected) => {
    if (variable !== undefined) vi.stubEnv('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT', variable);
    await start(options);
    call(own);
    expect(await captured()).toEqual(expected);
  });

  test('of a span that is not sampled is not even read', async () => {
    await start({ sampler: 'always_off' });
    const read = vi.fn();
    trace((_: object) => {}, { name: 'call' })({ toJSON: read });
    expect(read).not.toHaveBeenCalled();
  });

  test('that cannot be read costs its attribute only', async () => {
    await start();
    const value = hostileProxy();
    expect(trace((one: object) => one, { name: 'sync' })(value) === value).toBe(true);
    const result = await trace(async () => ({ value: hostileProxy() }), { name: 'async' })();
    expect(Object.keys(result)).toEqual(['value']);
    const all = await spans();
    expect(all.sync.plain['input.value']).toMatch(/^\[Unreadable/);
    expect(all.async.plain['output.value']).toBe('{"value":"[Unreadable]"}');
  });
});

describe('span and startSpan', () => {
  test('span runs a function with its span, which is active, and gives back what it returns', async () => {
    await start();
    const result = span(
      'outer',
      (outer) => {
        expect(traceApi.getActiveSpan()).toBe(outer);
        outer.setAttribute('own', 1);
        return startSpan('inner').spanContext().traceId;
      },
      { kind: SpanKind.SERVER, attributes: { a: 1 } },
    );
    const { outer } = await spans();
    expect(result).toBe(outer.traceId);
    expect([outer.kind, outer.plain]).toEqual([2, { a: 1, own: 1 }]);
    expect(stats().live).toBe(1);
  });

  test('span ends with its promise, and on an error', async () => {
    await start();
    expect(await span('async', async () => 5)).toBe(5);
    const error = new Error('mine');
    await expect(span('rejected', () => Promise.reject(error))).rejects.toBe(error);
    const thrown = () =>
      span('thrown', () => {
        throw error;
      });
    expect(thrown).toThrow(error);
    const all = await spans();
    expect(Object.entries(all).map(([name, { status }]) => [name, status.code])).toEqual(
      expect.arrayContaining([
        ['async', 0],
        ['rejected', 2],
        ['thrown', 2],
      ]),
    );
  });

  test('startSpan starts a child of the active span that the caller ends, and is not active itself', async () => {
    await start();
    span('parent', (parent) => {
      const child = startSpan('child', { attributes: { a: 1 } });
      expect(traceApi.getActiveSpan()).toBe(parent);
      child.end();
    });
    const { parent, child } = await spans();
    expect(child.parentSpanId).toBe(parent.spanId);
    expect(child.plain).toEqual({ a: 1 });
  });
});

describe('before init() and after shutdown()', () => {
  test('functions run, without spans', async () => {
    const add = trace((a: number) => a + 1);
    expect(add(1)).toBe(2);
    await start();
    expect(add(1)).toBe(2);
    expect(stats().started).toBe(1);
    await shutdown();
    expect(add(1)).toBe(2);
    expect(span('s', (one) => one.isRecording())).toBe(false);
    expect(startSpan('s').isRecording()).toBe(false);
    expect(stats()).toMatchObject({ engine: 'none', started: 1, exported: 1 });
    expect(lines).toEqual([]);
  });
});

test('whatever a function does with whatever arguments, the caller sees no difference', async () => {
  await start();
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.anything({ withBigInt: true, withMap: true, withNullPrototype: true }), { maxLength: 3 }),
      fc.anything(),
      fc.constantFrom('return', 'throw', 'resolve', 'reject'),
      async (args, outcome, how) => {
        const fn = (...given: unknown[]): unknown => {
          expect(given).toEqual(args);
          if (how === 'throw') throw outcome;
          if (how === 'reject') return Promise.reject(outcome);
          return how === 'resolve' ? Promise.resolve({ outcome }) : { outcome };
        };
        let seen: unknown;
        try {
          seen = ((await trace(fn)(...args)) as { outcome: unknown }).outcome;
        } catch (error) {
          seen = error;
        }
        expect(Object.is(seen, outcome)).toBe(true);
      },
    ),
    { numRuns: 200 },
  );
  expect(stats()).toMatchObject({ started: 200, live: 0 });
  expect(balance(stats() as never)).toBe(0);
});
