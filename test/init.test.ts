import { context as contextApi, propagation, trace as traceApi } from '@opentelemetry/api';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startSpan, trace } from '../src/ai/trace.ts';
import type { ReadableSpan } from '../src/api/types.ts';
import { flush, type InitOptions, init, shutdown, stats } from '../src/init.ts';
import { hostileProxy } from './helpers/api-hostile.ts';
import { type OtlpReceiver, receiveOtlp } from './helpers/api-receiver.ts';
import { balance, captureWarnings, plainAttributes } from './helpers/api-recorder.ts';
import { refusingPort } from './helpers/fault-server.ts';
import { processorOf } from './helpers/object-spans.ts';

const lines = captureWarnings();

afterEach(async () => {
  vi.unstubAllEnvs();
  await shutdown(1000);
  traceApi.disable();
  contextApi.disable();
  propagation.disable();
});

async function deliverOne(name = 'one'): Promise<void> {
  startSpan(name).end();
  await flush();
}

const resourceOf = (receiver: OtlpReceiver): Record<string, unknown> =>
  plainAttributes(receiver.messages[0].resourceSpans[0].resource.attributes);

describe('where spans go', () => {
  test.each([
    ['http://host', '/v1/traces', false],
    ['http://host/', '/v1/traces', false],
    ['http://host/base', '/base/v1/traces', false],
    ['http://host/base/?key=v', '/base/v1/traces?key=v', false],
    ['http://host/v1/traces', '/v1/traces', true],
    ['http://host/base/v1/traces/', '/base/v1/traces/', true],
  ])('endpoint %s reaches %s', async (endpoint, path, warns) => {
    const receiver = await receiveOtlp();
    init({ endpoint: endpoint.replace('http://host', receiver.base) });
    await deliverOne();
    expect(receiver.requests.map((request) => request.path)).toEqual([path]);
    expect(lines).toEqual(warns ? [expect.stringContaining('v1/traces')] : []);
  });

  test('the warning about v1/traces comes once', async () => {
    const receiver = await receiveOtlp();
    for (let round = 0; round < 2; round += 1) {
      init({ endpoint: receiver.url });
      await deliverOne();
      await shutdown();
    }
    expect(lines.filter((line) => line.includes('endpoint'))).toHaveLength(1);
  });

  test('processors of any make see the spans first, and change what is sent', async () => {
    const receiver = await receiveOtlp();
    const onEnd = (span: ReadableSpan): void => {
      span.attributes.seen = true;
    };
    init({ endpoint: receiver.base, spanProcessors: [processorOf({ onEnd }), 7 as never] });
    await deliverOne();
    expect(stats()).toMatchObject({ mode: 'plug-in', exported: 1 });
    expect(plainAttributes(receiver.spans[0].attributes)).toEqual({ seen: true });
    expect(lines).toEqual([expect.stringContaining('spanProcessors')]);
    expect(balance(stats() as never)).toBe(0);
  });

  test('headers, compression and timeout are those of the options', async () => {
    const receiver = await receiveOtlp();
    init({ endpoint: receiver.base, headers: { 'x-key': 'k' }, compression: 'gzip', timeoutMillis: 5000 });
    await deliverOne();
    expect(receiver.requests[0].headers).toMatchObject({ 'x-key': 'k', 'content-encoding': 'gzip' });
    expect(receiver.spans.map(({ name }) => name)).toEqual(['one']);
  });

  test.each([{ exporters: [] }, { exporters: ['none'] }] as InitOptions[])(
    '%o goes nowhere, and is counted',
    async (options) => {
      init(options);
      await deliverOne();
      expect(stats()).toMatchObject({ started: 1, live: 0, dropped: { no_processor: 1 } });
    },
  );

  test('console prints each span', async () => {
    const printed: string[] = [];
    vi.spyOn(console, 'log').mockImplementation((...args) => void printed.push(args.join(' ')));
    vi.spyOn(console, 'dir').mockImplementation((object) => void printed.push(JSON.stringify(object)));
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    init({ exporters: ['console'] });
    await deliverOne('printed span');
    expect(printed.join('\n')).toContain('printed span');
    expect(stats()).toMatchObject({ exported: 1 });
  });
});

describe('precedence', () => {
  test('options beat variables, which beat defaults', async () => {
    const [byOption, byVariable] = [await receiveOtlp(), await receiveOtlp()];
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', byVariable.base);
    vi.stubEnv('OTEL_SERVICE_NAME', 'variable');
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', 'a=variable,b=variable');
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-one=variable,x-two=variable');
    vi.stubEnv('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', '1');
    vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', 'gzip');
    init();
    await deliverOne();
    await shutdown();
    expect(byVariable.requests[0].path).toBe('/v1/traces');
    expect(byVariable.requests[0].headers).toMatchObject({ 'x-one': 'variable', 'content-encoding': 'gzip' });
    expect(resourceOf(byVariable)).toMatchObject({
      'service.name': 'variable',
      a: 'variable',
      b: 'variable',
    });

    init({
      ...{ endpoint: byOption.base, serviceName: 'option', resourceAttributes: { a: 'option' } },
      ...{ headers: { 'x-one': 'option' }, limits: { attributeCountLimit: 2 }, compression: 'none' },
    });
    startSpan('s', { attributes: { a: 1, b: 2, c: 3 } }).end();
    await flush();
    expect(byOption.requests[0].headers).toMatchObject({ 'x-one': 'option', 'x-two': 'variable' });
    expect(byOption.requests[0].headers).not.toHaveProperty('content-encoding');
    expect(resourceOf(byOption)).toMatchObject({ 'service.name': 'option', a: 'option', b: 'variable' });
    expect(byOption.spans[0]).toMatchObject({ droppedAttributesCount: 1 });
    expect(byVariable.requests).toHaveLength(1);
  });

  test('the variable of the signal is used as it is, and beats the general one', async () => {
    const receiver = await receiveOtlp();
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:9');
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', `${receiver.base}/as/it/is`);
    init();
    await deliverOne();
    expect(receiver.requests.map((request) => request.path)).toEqual(['/as/it/is']);
  });

  test.each([
    ['OTEL_SDK_DISABLED', 'true', undefined, 'none'],
    ['OTEL_SDK_DISABLED', 'true', false, 'on'],
    ['OTEL_SDK_DISABLED', 'false', true, 'none'],
  ])('%s=%s with option disabled: %s is %s', async (variable, value, disabled, expected) => {
    vi.stubEnv(variable, value);
    init({ disabled, exporters: [] });
    expect(stats().engine === 'none' ? 'none' : 'on').toBe(expected);
    expect(startSpan('s').isRecording()).toBe(expected === 'on');
    expect(lines).toEqual([]);
  });

  test('an invalid option or variable is named once, and the next source counts', async () => {
    const receiver = await receiveOtlp();
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', 'soon');
    vi.stubEnv('OTEL_SPAN_EVENT_COUNT_LIMIT', '1');
    vi.stubEnv('OTEL_SPAN_LINK_COUNT_LIMIT', '1e99');
    init({
      endpoint: receiver.base,
      ...({
        timeoutMillis: 'long',
        limits: { eventCountLimit: -5 },
        sampler: 'sometimes',
        compression: 'zip',
      } as object),
    });
    startSpan('s').addEvent('a').addEvent('b').end();
    await flush();
    expect(receiver.spans[0]).toMatchObject({ droppedEventsCount: 1 });
    for (const name of [
      ...['OTEL_BSP_SCHEDULE_DELAY', 'OTEL_SPAN_LINK_COUNT_LIMIT', 'option timeoutMillis'],
      ...['eventCountLimit', 'option sampler', 'option compression'],
    ]) {
      expect(
        lines.filter((line) => line.includes(name)),
        name,
      ).toHaveLength(1);
    }
    expect(lines.filter((line) => line.includes('limits'))).toHaveLength(1);
    expect(lines).toHaveLength(7);
  });
});

describe('stats()', () => {
  test('is all zero before init(), and adds up at every moment', async () => {
    vi.resetModules();
    const fresh = await import('../src/init.ts');
    expect(fresh.stats()).toEqual({
      ...{
        engine: 'none',
        mode: 'arena',
        started: 0,
        delegated: 0,
        abandoned: 0,
        live: 0,
        waiting: 0,
        bytes: 0,
        exported: 0,
        rejected: 0,
        failed: 0,
      },
      ...{ dropped: {}, cut: 0, lastError: undefined, lastErrorTime: undefined },
      shed: { shortened: 0, omitted: 0, unsampled: 0, content: 'full', sampling: 1 },
      destinations: [],
      memo: { bytes: 0, hits: 0, misses: 0, keys: 0 },
    });
    expect(await fresh.flush()).toEqual({ exported: 0, dropped: 0, waiting: 0, bytes: 0, destinations: [] });
    await fresh.shutdown();
  });

  test.each([
    [200, { exported: 3, failed: 0 }],
    [400, { exported: 0, failed: 3 }],
  ])('an answer of %i makes %o', async (status, expected) => {
    const receiver = await receiveOtlp((response) => response.writeHead(status).end());
    init({ endpoint: receiver.base });
    const open = startSpan('open');
    for (const name of ['a', 'b', 'c']) startSpan(name).end();
    expect(stats()).toMatchObject({ started: 4, live: 1, waiting: 3 });
    const { bytes } = stats();
    const result = await flush();
    const done = {
      ...{ exported: expected.exported, dropped: expected.failed, waiting: 0 },
      bytes: expected.exported > 0 ? bytes : 0,
    };
    expect(result).toEqual({ ...done, destinations: [{ name: receiver.url, ...done }] });
    expect(stats()).toMatchObject({ started: 4, live: 1, waiting: 0, ...expected });
    expect(balance(stats() as never)).toBe(0);
    if (status === 400) expect(stats().lastError).toContain('400');
    await shutdown();
    open.end();
    expect(stats()).toMatchObject({ live: 0, dropped: { shutdown: 1 } });
    expect(balance(stats() as never)).toBe(0);
  });

  test('a receiver that is not there: spans are kept, flush() ends at its deadline, shutdown() counts them', async () => {
    init({ endpoint: `http://127.0.0.1:${await refusingPort()}` });
    startSpan('s').end();
    expect(await flush(50)).toMatchObject({ exported: 0, waiting: 1 });
    expect(stats()).toMatchObject({ waiting: 1 });
    expect(stats().lastError).toContain('ECONNREFUSED');
    await shutdown(50);
    expect(stats()).toMatchObject({ waiting: 0, dropped: { shutdown: 1 } });
    expect(balance(stats() as never)).toBe(0);
  });
});

test('the end of the program flushes, again after an answer, and no more once nothing is answered', async () => {
  const before = process.listeners('beforeExit');
  const receiver = await receiveOtlp();
  init({ endpoint: receiver.base });
  const [hook] = process.listeners('beforeExit').filter((listener) => !before.includes(listener));
  const delivered = async (count: number): Promise<void> => {
    while (stats().exported < count) await new Promise((resolve) => setImmediate(resolve));
  };
  hook(0);
  for (const count of [1, 2]) {
    startSpan('s').end();
    hook(0);
    await delivered(count);
  }
  startSpan('s').end();
  hook(0);
  hook(0);
  await delivered(3);
  expect(receiver.requests).toHaveLength(3);
  await shutdown();
  expect(process.listeners('beforeExit')).toEqual(before);
});

describe('init() never throws', () => {
  test.each([
    'localhost:4318',
    'ftp://host',
    'http://',
    '/v1/traces',
    '',
    'not a url',
    'http://user:pass word@[bad',
  ])('endpoint %j is one clear error line, and tracing is off', (endpoint) => {
    init({ endpoint });
    expect(lines).toEqual([expect.stringMatching(/tracing is off: endpoint: expected a URL.*http:\/\//)]);
    expect(lines[0]).not.toContain('pass');
    expect(stats().engine).toBe('none');
    expect(trace(() => 5)()).toBe(5);
    expect(traceApi.getTracer('x').startSpan('s').isRecording()).toBe(false);
  });

  const values = fc.oneof(
    fc.anything({ withBigInt: true, withDate: true, withNullPrototype: true }),
    fc.constantFrom(Symbol('s'), hostileProxy, () => {
      throw Object.create(null);
    }),
    fc.constantFrom('all', 'none', 'console', 'always_off', 'http://127.0.0.1:9', 'gzip', 'ts', true, 0),
  );
  const names = [
    ...[
      'disabled',
      'registerGlobal',
      'exporters',
      'serviceName',
      'resourceAttributes',
      'resource',
      'sampler',
    ],
    ...[
      'samplerArg',
      'propagators',
      'limits',
      'batch',
      'endpoint',
      'headers',
      'timeoutMillis',
      'compression',
    ],
    ...['engine', 'content'],
  ];

  test('for any options at all', { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          {
            arbitrary: fc.record(Object.fromEntries(names.map((name) => [name, values])), {
              requiredKeys: [],
            }),
            weight: 4,
          },
          values,
        ),
        async (options) => {
          expect(() => init(options as InitOptions)).not.toThrow();
          expect(trace(() => 5)()).toBe(5);
          await shutdown(1);
          traceApi.disable();
          contextApi.disable();
          propagation.disable();
        },
      ),
      { numRuns: 150 },
    );
  });

  test.each([
    ['a proxy that throws in every trap', () => hostileProxy()],
    [
      'a getter that throws what has no string form',
      () =>
        Object.defineProperty({}, 'endpoint', {
          get() {
            throw Object.create(null);
          },
        }),
    ],
    [
      'a getter that throws a hostile error',
      () =>
        Object.defineProperty({}, 'headers', {
          get() {
            throw hostileProxy(new Error('x'));
          },
        }),
    ],
  ])('for %s: one line, and tracing is off', (_, make) => {
    expect(() => init(make())).not.toThrow();
    expect(lines).toEqual([expect.stringContaining('tracing is off')]);
    expect(stats().engine).toBe('none');
  });

  test('nor leaves a provider behind that nobody can stop', () => {
    const options = Object.defineProperty({ exporters: [] }, 'content', {
      get() {
        throw new Error('late');
      },
    });
    init(options as InitOptions);
    expect(lines).toEqual([expect.stringContaining('tracing is off')]);
    expect(traceApi.getTracer('x').startSpan('s').isRecording()).toBe(false);
  });

  test('each reason is said, the same one once', () => {
    for (const endpoint of ['no url', 'ftp://host', 'no url']) init({ endpoint });
    expect(lines).toEqual([expect.stringContaining('"no url"'), expect.stringContaining('ftp://host')]);
  });
});
