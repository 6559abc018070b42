/** `init({ exporters })`: several destinations, each with its own options and none with those of another. */
import { context as contextApi, propagation, trace as traceApi } from '@opentelemetry/api';
import { InMemorySpanExporter as UpstreamExporter } from '@opentelemetry/sdk-trace-base';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { startSpan } from '../src/ai/trace.ts';
import { OTLPTraceExporter } from '../src/api/otlp-trace-exporter.ts';
import { flush, type InitOptions, init, shutdown, stats } from '../src/init.ts';
import { hostileProxy } from './helpers/api-hostile.ts';
import { receiveOtlp } from './helpers/api-receiver.ts';
import { balance, captureWarnings, WireRecorder } from './helpers/api-recorder.ts';
import { refusingPort } from './helpers/fault-server.ts';

const lines = captureWarnings();

afterEach(async () => {
  vi.unstubAllEnvs();
  await shutdown(100);
  traceApi.disable();
  contextApi.disable();
  propagation.disable();
});

const names = (receiver: { spans: { name: string }[] }): string[] => receiver.spans.map(({ name }) => name);

describe('a vendor and an own collector', () => {
  test('each gets every span, with its own headers, form and time', async () => {
    const [own, vendor] = [await receiveOtlp(), await receiveOtlp()];
    init({
      endpoint: own.base,
      headers: { 'x-own': 'own' },
      exporters: [
        'otlp',
        {
          endpoint: vendor.base,
          headers: async () => ({ 'x-vendor': 'key' }),
          compression: 'gzip',
          name: 'vendor',
        },
      ],
    });
    for (const name of ['a', 'b']) startSpan(name).end();
    const result = await flush();
    expect(names(own).sort()).toEqual(['a', 'b']);
    expect(names(vendor).sort()).toEqual(['a', 'b']);
    expect(own.requests[0].headers).toMatchObject({ 'x-own': 'own' });
    expect(own.requests[0].headers).not.toHaveProperty('x-vendor');
    expect(vendor.requests[0].headers).toMatchObject({ 'x-vendor': 'key', 'content-encoding': 'gzip' });
    expect(vendor.requests[0].headers).not.toHaveProperty('x-own');
    expect(stats().mode).toBe('arena');
    expect(result.destinations.map(({ name, exported }) => [name, exported])).toEqual([
      [own.url, 2],
      ['vendor', 2],
    ]);
    expect(lines).toEqual([]);
  });

  test('a batch of its own beats that of init, of which it takes what it leaves out', async () => {
    const [own, vendor] = [await receiveOtlp(), await receiveOtlp()];
    init({
      endpoint: own.base,
      batch: { maxExportBatchSize: 1, maxQueueSize: 100 },
      exporters: ['otlp', { endpoint: vendor.base, batch: { maxExportBatchSize: 3 } }],
    });
    for (let index = 0; index < 3; index += 1) startSpan('s').end();
    await flush();
    expect(own.requests).toHaveLength(3);
    expect(vendor.requests.length).toBeLessThanOrEqual(3);
    expect(vendor.spans).toHaveLength(3);
  });

  test('says in stats() and flush() which one is down', async () => {
    const own = await receiveOtlp();
    const down = `http://user:hunter2@127.0.0.1:${await refusingPort()}`;
    init({ exporters: [{ endpoint: down }, { endpoint: own.base }] });
    startSpan('one').end();
    const result = await flush(300);
    const shown = `${down.replace('user:hunter2@', '')}/v1/traces`;
    expect(result).toMatchObject({ exported: 0, waiting: 1 });
    expect(result.destinations).toMatchObject([
      { name: shown, exported: 0, waiting: 1, bytes: 0 },
      { name: own.url, exported: 1, waiting: 0, bytes: expect.any(Number) },
    ]);
    const { destinations, ...top } = stats();
    expect(destinations).toMatchObject([
      { name: shown, waiting: 1, exported: 0, lastError: expect.stringContaining('ECONNREFUSED') },
      { name: own.url, waiting: 0, exported: 1, lastError: undefined },
    ]);
    expect(destinations[0].lastErrorTime).toBeGreaterThan(Date.now() - 60_000);
    expect(top).toMatchObject({ waiting: 1, exported: 0 });
    expect(JSON.stringify([stats(), result, lines])).not.toContain('hunter2');
  });

  test('two that have one name are told apart', async () => {
    const own = await receiveOtlp();
    init({ exporters: [{ endpoint: own.base }, { endpoint: own.base }] });
    startSpan('one').end();
    await flush();
    expect(stats().destinations.map(({ name }) => name)).toEqual([own.url, `${own.url} (2)`]);
  });
});

describe('the variables and the options of init are those of otlp', () => {
  const CANARY = 'canary-7f3a';

  test('no header, certificate, time, form or compression of theirs reaches another', async () => {
    const [own, vendor] = [await receiveOtlp(), await receiveOtlp()];
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', own.base);
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', `x-general=${CANARY}`);
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_HEADERS', `authorization=${CANARY}`);
    vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'http/json');
    vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', 'gzip');
    init({
      headers: { 'x-option': CANARY },
      exporters: ['otlp', { endpoint: vendor.base }, { endpoint: vendor.base, headers: { 'x-vendor': 'v' } }],
    });
    startSpan('one').end();
    await flush();
    expect(own.requests[0].headers).toMatchObject({
      ...{ 'x-general': CANARY, authorization: CANARY, 'x-option': CANARY },
      ...{ 'content-type': 'application/json', 'content-encoding': 'gzip' },
    });
    expect(vendor.requests).toHaveLength(2);
    for (const { headers } of vendor.requests) {
      expect(JSON.stringify(headers)).not.toContain(CANARY);
      expect(headers['content-type']).toBe('application/x-protobuf');
      expect(headers).not.toHaveProperty('content-encoding');
    }
  });

  test('a receiver of its own does not read the certificates of the variables, even where otlp cannot', async () => {
    const vendor = await receiveOtlp();
    for (const name of ['CERTIFICATE', 'CLIENT_CERTIFICATE', 'CLIENT_KEY']) {
      vi.stubEnv(`OTEL_EXPORTER_OTLP_${name}`, '/no/such/file.pem');
    }
    init({ exporters: ['otlp', { endpoint: vendor.base }] });
    startSpan('one').end();
    await flush();
    expect(names(vendor)).toEqual(['one']);
    expect(lines).toEqual([expect.stringMatching(/an exporter is left out: OTEL_EXPORTER_OTLP_CERTIFICATE/)]);
  });

  test('the user part of an endpoint is for that endpoint alone', async () => {
    const [one, two] = [await receiveOtlp(), await receiveOtlp()];
    init({ exporters: [{ endpoint: one.base.replace('//', `//me:${CANARY}@`) }, { endpoint: two.base }] });
    startSpan('one').end();
    await flush();
    expect(Buffer.from(one.requests[0].headers.authorization?.slice(6) ?? '', 'base64').toString()).toContain(
      CANARY,
    );
    expect(two.requests[0].headers).not.toHaveProperty('authorization');
  });

  test('a value that is no time is ignored and not replaced by that of the variable', async () => {
    const vendor = await receiveOtlp();
    vi.stubEnv('OTEL_EXPORTER_OTLP_COMPRESSION', 'gzip');
    init({ exporters: [{ endpoint: vendor.base, compression: 'zip' as never }] });
    startSpan('one').end();
    await flush();
    expect(vendor.requests[0].headers).not.toHaveProperty('content-encoding');
  });
});

describe('exporters', () => {
  test('of ours keep arena mode, and of upstream bring plug-in mode, where the numbers add up as well', async () => {
    const ours = new WireRecorder();
    init({ exporters: [ours] });
    startSpan('one').end();
    await flush();
    expect(names(ours)).toEqual(['one']);
    expect(stats()).toMatchObject({ mode: 'arena', destinations: [{ name: 'WireRecorder', exported: 1 }] });
    await shutdown();

    const vendor = await receiveOtlp();
    const upstream = new UpstreamExporter();
    init({ exporters: [{ endpoint: vendor.base }, upstream] });
    startSpan('two').end();
    const result = await flush();
    expect(names(vendor)).toEqual(['two']);
    expect(upstream.getFinishedSpans().map(({ name }) => name)).toEqual(['two']);
    const { mode, destinations } = stats();
    expect(mode).toBe('plug-in');
    expect(destinations).toMatchObject([
      { name: vendor.url, exported: 1, delegated: 0 },
      { name: 'InMemorySpanExporter', exported: 1, delegated: 0 },
    ]);
    expect(result.destinations.map(({ exported }) => exported)).toEqual([1, 1]);
    expect(result.destinations[0].bytes).toBeGreaterThan(20);
    expect(balance(stats() as never)).toBe(0);
  });

  test('one that holds another in its member `exporter` is used itself', async () => {
    const exported: string[] = [];
    const outer = {
      exporter: new OTLPTraceExporter(),
      export: (spans: { name: string }[], done: (result: { code: number }) => void) => {
        exported.push(...spans.map(({ name }) => name));
        done({ code: 0 });
      },
      shutdown: async () => {},
    };
    init({ exporters: [outer as never] });
    startSpan('one').end();
    await flush();
    expect(exported).toEqual(['one']);
  });
});

describe('a bad entry is one clear line, and the others work', () => {
  const bad: [string, unknown, RegExp][] = [
    [
      'a number',
      7,
      /option exporters\[0\]: expected a name, an object with an endpoint or a file, or an exporter, got a value of type number/,
    ],
    ['null', null, /option exporters\[0\]: expected a name/],
    ['a class', class {}, /option exporters\[0\]: .* got a value of type function/],
    [
      'a name nobody knows',
      'zipkin',
      /option exporters: expected names out of otlp, console, file, none, got "zipkin"/,
    ],
    ['an empty object', {}, /an exporter is left out: exporters\[0\]: expected an object with an endpoint/],
    [
      'an object without an endpoint',
      { url: 'http://127.0.0.1:9' },
      /exporters\[0\]: expected an object with an endpoint/,
    ],
    ['an array', ['http://127.0.0.1:9'], /exporters\[0\]: .* got an array/],
    [
      'an endpoint that is no URL',
      { endpoint: 'ftp://me:hunter2@host' },
      /exporters\[0\]: endpoint: expected a URL that starts with http/,
    ],
    [
      'a certificate that is none',
      { endpoint: 'https://127.0.0.1:9', ca: 'hunter2' },
      /exporters\[0\]: option ca: expected certificates/,
    ],
    ['an object that refuses to be read', hostileProxy(), /an exporter is left out: exporters\[0\]/],
  ];

  test.each(bad)('%s', async (_, entry, line) => {
    const own = await receiveOtlp();
    init({ exporters: [entry as never, { endpoint: own.base }] });
    startSpan('one').end();
    await flush();
    expect(names(own)).toEqual(['one']);
    expect(lines).toEqual([expect.stringMatching(line)]);
    expect(lines.join()).not.toContain('hunter2');
  });

  test.each(bad.filter(([, entry]) => typeof entry === 'object' && entry !== null))(
    'alone, %s ends the start: its spans go nowhere else',
    async (_, entry, line) => {
      const other = await receiveOtlp();
      vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', other.base);
      init({ exporters: [entry as never] });
      expect(stats().engine).toBe('none');
      expect(lines).toEqual([expect.stringMatching('tracing is off')]);
      expect(lines[0]).toMatch(new RegExp(line.source.replace('an exporter is left out: ', '')));
      startSpan('one').end();
      await flush();
      expect(other.requests).toEqual([]);
    },
  );

  test('a member that no receiver has is named, its value is not', async () => {
    const own = await receiveOtlp();
    init({ exporters: [{ endpoint: own.base, apiKey: 'hunter2', batch: 5 } as never] });
    startSpan('one').end();
    await flush();
    expect(names(own)).toEqual(['one']);
    expect(lines).toEqual([
      expect.stringMatching(/option exporters\[0\]\.apiKey: expected one of batch, ca/),
      expect.stringMatching(/option exporters\[0\]\.batch: expected an object/),
    ]);
    expect(lines.join()).not.toContain('hunter2');
  });

  test('none beside others means none', async () => {
    const own = await receiveOtlp();
    init({ exporters: ['none', { endpoint: own.base }] });
    startSpan('one').end();
    await flush();
    expect(own.requests).toEqual([]);
    expect(lines).toEqual([expect.stringMatching(/none to stand alone/)]);
  });
});

test('types: names, receivers and exporters of any make, without a cast', () => {
  const options: InitOptions[] = [
    { exporters: ['otlp', 'console'] },
    {
      exporters: [
        'otlp',
        { endpoint: 'http://h', headers: { a: 'b' }, batch: { maxQueueSize: 5 }, name: 'n' },
      ],
    },
    {
      exporters: [
        new UpstreamExporter(),
        new OTLPTraceExporter(),
        { endpoint: 'http://h', ca: new Uint8Array(1) },
      ],
    },
    // @ts-expect-error -- no such name
    { exporters: ['zipkin'] },
    // @ts-expect-error -- an endpoint is needed
    { exporters: [{ headers: {} }] },
    // @ts-expect-error -- no such member
    { exporters: [{ endpoint: 'http://h', url: 'http://h' }] },
  ];
  expect(options).toHaveLength(6);
});
