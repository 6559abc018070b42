/**
 * Canaries in every place that holds a secret, servers that echo them in every form, and a search of everything that
 * comes out: logs of every level, results, errors with cause and stack, `inspect()`, JSON, numbers, metrics, exit lines.
 */
import { createRequire } from 'node:module';
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BatchSpanProcessor } from '../../src/api/batch-span-processor.ts';
import { OTLPTraceExporter } from '../../src/api/otlp-trace-exporter.ts';
import { TracerProvider } from '../../src/api/tracer-provider.ts';
import type { ExportResult, ReadableSpan, SpanExporter } from '../../src/api/types.ts';
import { resetDiagnostics } from '../../src/diagnostics.ts';
import { bundle, run } from '../helpers/api-child.ts';
import { balance, record } from '../helpers/api-recorder.ts';
import { type HttpReceiver, receive, refusingPort } from '../helpers/fault-server.ts';
import { measure } from '../helpers/metric-points.ts';
import { HeldExporter, processorOf, spanObject } from '../helpers/object-spans.ts';
import { CANARIES, ECHOES, everythingOf, occurrences } from './canary.ts';
import { keepFigures, WRITES_FIGURES } from './figures.ts';
import type { Figures } from './row.ts';

const SDK_2 = createRequire(new URL('../versions/sdk-2/package.json', import.meta.url));
const COMMAND = 'SPANDREL_FIGURES=write npx vitest run test/faults/secret-canary.test.ts';
/** Statuses of which each makes another message. */
const FINAL = [400, 401, 403, 404, 413, 415, 500];
/** A retryable one among them, which is kept as the last error while spans wait. */
const MIXED = [401, 404, 503];

/** Beside that of the variable. */
const CONFIGURED = { 'x-api-key': CANARIES.header, 'x-token': CANARIES.token };

const echoes = Object.values(CANARIES).flatMap((secret) => Object.values(ECHOES).map((echo) => echo(secret)));

/** Answers as told, its text each canary in each form, so many at a time as one line of a log holds. */
async function echoing(statuses: readonly number[], type: string): Promise<HttpReceiver> {
  return receive((response, index) => {
    const first = (index * 5) % echoes.length;
    const text = echoes.slice(first, first + 5).join(', ');
    response.writeHead(statuses[index % statuses.length], { 'content-type': type, 'x-echo': 'yes' });
    response.end(type === 'application/json' ? JSON.stringify({ error: text }) : text);
  });
}

/** The address with a password and a key in it. */
function withSecrets(url: string): string {
  const { password, query } = CANARIES;
  return `${url.replace('//', `//me:${encodeURIComponent(password)}@`)}?key=${encodeURIComponent(query)}`;
}

const said: string[] = [];

beforeEach(() => {
  said.length = 0;
  resetDiagnostics();
  vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', `authorization=${encodeURIComponent(CANARIES.environment)}`);
  const keep = (...parts: unknown[]): void => {
    said.push(...parts.map(everythingOf), ...parts.map(String));
  };
  diag.setLogger({ error: keep, warn: keep, info: keep, debug: keep, verbose: keep }, DiagLogLevel.ALL);
  for (const name of ['log', 'info', 'warn', 'error', 'dir', 'debug'] as const) {
    vi.spyOn(console, name).mockImplementation(keep);
  }
});

afterEach(() => {
  diag.disable();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** What 40 exports by two exporters to servers that refuse and echo let out. */
async function letOut(
  make: (options: { url: string; headers: Record<string, string> }) => SpanExporter,
): Promise<Figures> {
  const shows = (text: string): number => Math.sign(occurrences(text).length);
  let errors = 0;
  let inspected = 0;
  let logged = 0;
  for (const type of ['text/plain', 'application/json']) {
    const server = await echoing(FINAL, type);
    const exporter = make({ url: withSecrets(server.url), headers: CONFIGURED });
    for (let count = 0; count < 20; count += 1) {
      resetDiagnostics();
      const result = await new Promise<ExportResult>((resolve) =>
        exporter.export([spanObject() as ReadableSpan], resolve),
      );
      expect(result.code).toBe(1);
      errors += shows(everythingOf(result));
    }
    expect(server.requests[0].headers['x-api-key']).toBe(CANARIES.header);
    inspected += shows(everythingOf(exporter));
    logged += said.filter(shows).length;
    said.length = 0;
    await exporter.shutdown();
  }
  return {
    'errors of 40 refused exports that show a secret': errors,
    'exporters of 2 whose inspect() shows one': inspected,
    'lines of the log that show one': logged,
  };
}

describe('a server that echoes', () => {
  test('40 exports let out none of five secrets', async () => {
    const ours = await letOut((options) => new OTLPTraceExporter(options));
    expect(Object.values(ours)).toEqual([0, 0, 0]);
    if (!WRITES_FIGURES) return;
    const { OTLPTraceExporter: Upstream } = SDK_2('@opentelemetry/exporter-trace-otlp-proto');
    const upstream = await letOut((options) => new Upstream(options));
    keepFigures('security-secrets', COMMAND, ours, upstream);
  });

  const modes = { arena: [], 'plug-in': [processorOf({})] };

  test.each(Object.entries(modes))(
    'in %s mode, nothing of a provider shows one: messages, numbers, metrics, inspect',
    async (_, others) => {
      const server = await echoing(MIXED, 'text/plain');
      const { meterProvider, collect } = measure();
      const exporter = new OTLPTraceExporter({
        url: withSecrets(server.url),
        headers: async () => CONFIGURED,
      });
      const processor = new BatchSpanProcessor(exporter);
      const provider = new TracerProvider({ spanProcessors: [processor, ...others], meterProvider });
      const seen: string[] = [];
      const look = async (): Promise<void> => {
        const everything = [provider, processor, exporter, exporter.wire(), provider.stats()];
        seen.push(...everything.map(everythingOf), everythingOf((await collect()).metrics));
      };
      for (let count = 0; count < 3; count += 1) {
        resetDiagnostics();
        provider.getTracer('t').startSpan('s').end();
        await provider.flush(400);
      }
      await look();
      expect(balance(provider.stats())).toBe(0);
      expect(provider.stats().failed).toBeGreaterThan(0);
      expect(provider.stats().lastError).toContain('[redacted]');
      await provider.shutdown(100);
      await look();
      expect([...seen, ...said].flatMap((text) => occurrences(text))).toEqual([]);
      expect(said.join('')).toContain('[redacted]');
    },
  );
});

describe('what goes wrong before a request is made shows no secret', () => {
  const headers = { 'x-api-key': CANARIES.header };
  const broken: Record<string, () => Promise<ConstructorParameters<typeof OTLPTraceExporter>[0]>> = {
    'a server that is not there': async () => ({
      url: withSecrets(`http://127.0.0.1:${await refusingPort()}/`),
      headers,
    }),
    'a value that no header can have': async () => ({ headers: { 'x-api-key': `${CANARIES.header}\n` } }),
    'a name that no header can have': async () => ({ headers: { [`x-api-key: ${CANARIES.header}`]: '' } }),
    'headers as one text': async () => ({ headers: `x-api-key: ${CANARIES.header}` as never }),
    'a list of headers': async () => ({ headers: [['x-api-key', CANARIES.header]] as never }),
    'a function for headers that throws': async () => ({
      headers: () => {
        throw Object.assign(new Error(CANARIES.header), { name: CANARIES.header, code: CANARIES.token });
      },
    }),
    'a function for headers that rejects': async () => ({ headers: () => Promise.reject(CANARIES.header) }),
    'a function for headers of a bad name': async () => ({ headers: () => ({ [CANARIES.header]: 'x' }) }),
    'an agent that throws': async () => ({
      headers,
      httpAgentOptions: () => {
        throw Object.assign(new Error(CANARIES.header), { code: `no ${CANARIES.token}` });
      },
    }),
    'a user agent that cannot travel': async () => ({ userAgent: `${CANARIES.header}\r\nx: y` }),
    'an address without a host': async () => ({ url: `https://me:${CANARIES.password}@/?${CANARIES.query}` }),
    'an address of another kind': async () => ({ url: `grpc://me:${CANARIES.password}@host` }),
    'a slash in the password': async () => ({ url: `http://me:1/${CANARIES.password}@127.0.0.1:1/` }),
    'plain text to another host': async () => ({ url: withSecrets('http://collector.invalid/'), headers }),
    'a key without its certificate': async () => ({ key: CANARIES.header }),
    'a certificate that is none': async () => ({ ca: CANARIES.header }),
  };

  test.each(Object.entries(broken))('%s', async (_, options) => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `http://127.0.0.1:${await refusingPort()}`);
    try {
      const exporter = new OTLPTraceExporter(await options());
      const wire = exporter.wire();
      const result = await wire.send({ chunks: [Uint8Array.of(10, 0)], byteLength: 2, spanCount: 1 });
      wire.close();
      said.push(everythingOf(result), everythingOf(exporter));
    } catch (error) {
      said.push(everythingOf(error));
    }
    expect(said.join('').length).toBeGreaterThan(0);
    expect(said.flatMap((text) => occurrences(text))).toEqual([]);
  });

  test('the variables that are wrong are named without their text', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', `authorization ${CANARIES.environment}`);
    vi.stubEnv('OTEL_EXPORTER_OTLP_TRACES_HEADERS', `a b=${CANARIES.token}`);
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', `me:${CANARIES.password}@host/?${CANARIES.query}`);
    new OTLPTraceExporter();
    for (const name of ['HEADERS', 'TRACES_HEADERS', 'ENDPOINT']) {
      expect(said.join('')).toContain(`OTEL_EXPORTER_OTLP_${name}: expected`);
    }
    expect(said.flatMap((text) => occurrences(text))).toEqual([]);
  });
});

test('what an exporter of another make says is one short line, in the log and in the numbers', async () => {
  const exporter = new HeldExporter();
  const message = `refused\r\nspandrel: forged \u202e\u001b[2J${'x'.repeat(5_000)}`;
  exporter.automatic = { code: 1, error: new Error(message) };
  const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
  provider.getTracer('t').startSpan('s').end();
  await provider.flush();
  const { lastError } = provider.stats();
  expect(lastError).toMatch(/^HeldExporter: refused spandrel: forged x+$/);
  expect(lastError?.length).toBe('HeldExporter: '.length + 512);
  expect(said.join('')).toContain('refused spandrel: forged x');
  await provider.shutdown();
});

test('what a sender of another make gives as its reason is one line in the numbers', async () => {
  const { exporter, provider, tracer } = record();
  exporter.answer = () => ({ kind: 'failed', reason: 'refused\r\nspandrel: forged \u202e\u001b[2J' });
  tracer.startSpan('s').end();
  await provider.flush();
  expect(provider.stats().lastError).toBe('refused spandrel: forged ');
});

test('the last lines of a program that fails show none, at any level of the log', async () => {
  const server = await echoing([401, 403], 'text/plain');
  const program = await bundle(`
    import { inspect } from 'node:util';
    import { flush, init, startSpan, stats } from './src/index.ts';
    init();
    for (let count = 0; count < 4; count += 1) {
      startSpan('work').end();
      await flush();
    }
    console.log(inspect(stats(), { depth: 12 }));
    startSpan('left over').end();
    throw new Error('of the program itself');
  `);
  const result = await run(program, {
    environment: {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: withSecrets(server.url),
      OTEL_EXPORTER_OTLP_HEADERS: Object.entries({ ...CONFIGURED, 'x-more': CANARIES.environment })
        .map((pair) => pair.map(encodeURIComponent).join('='))
        .join(','),
      OTEL_LOG_LEVEL: 'all',
    },
  });
  expect(result.code).toBe(1);
  expect(result.stderr).toContain('of the program itself');
  expect(result.stderr).toContain('1 finished spans were not sent');
  expect(result.stderr).toContain('[redacted]');
  expect(server.requests[0].headers).toMatchObject({ ...CONFIGURED, 'x-more': CANARIES.environment });
  expect(occurrences(result.stdout + result.stderr)).toEqual([]);
});
