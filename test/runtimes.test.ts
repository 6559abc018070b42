/** The smoke program through the built package, in every runtime the package is for. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OtlpSpan } from '../src/export/otlp-message.ts';
import { readExportTraceServiceRequest } from '../src/export/otlp-reader.ts';
import { receiveOtlp } from './helpers/api-receiver.ts';
import { requireCounterpart } from './helpers/counterparts.ts';
import { probeChromium, probeWorkerd, runInChromium, runInWorkerd } from './helpers/hosts.ts';
import { BUN, DENO, Installation, NODE, probeRuntime, type Runtime } from './helpers/runtimes.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const SMOKE = readFileSync(join(ROOT, 'test/runtimes/smoke.mjs'), 'utf8');

const nodeVersion = (version: number): Runtime => ({
  name: `Node ${version}`,
  binary: join(ROOT, `test/versions/node/node_modules/node-${version}-${process.arch}/bin/node`),
  parameters: [],
});

/** What is left of virtual memory holds no arena that wasm asks for: it reserves 10 GB for each. */
const TIGHT: Runtime = {
  name: 'Node with 4 GB of address space',
  binary: '/bin/sh',
  parameters: ['-c', 'ulimit -v 4194304; exec "$0" "$@"', process.execPath],
};

const PROCESSES: readonly (readonly [Runtime, 'wasm' | 'ts'])[] = [
  ...[20, 22, 24, 26].map((version) => [nodeVersion(version), 'wasm'] as const),
  [DENO, 'wasm'],
  [BUN, 'wasm'],
  [{ ...NODE, name: 'Node without a compiler (--jitless)', parameters: ['--jitless'] }, 'ts'],
  [TIGHT, 'ts'],
];

const FORMATS = {
  'smoke.mjs': `import * as spandrel from 'spandrel';\n${SMOKE}`,
  'smoke.cjs': `const spandrel = require('spandrel');\n${SMOKE.replace('export async', 'async')}`,
};

/** What a run says of itself on its last line. */
interface Report {
  engine: string;
  flushed: { exported: number; dropped: number; bytes: number };
  waiting: number;
  lastError: string;
}

let installation: Installation;

beforeAll(() => {
  installation = new Installation();
});

afterAll(() => installation.remove());

function expectSmoke(report: Report, spans: readonly OtlpSpan[], engine: 'wasm' | 'ts'): void {
  const parents = Object.fromEntries(
    spans.map(({ name, parentSpanId }) => [
      name,
      spans.find(({ spanId }) => String(spanId) === String(parentSpanId))?.name,
    ]),
  );
  expect(parents).toEqual({
    root: undefined,
    tool: 'root',
    inside: 'tool',
    words: 'root',
    between: 'words',
    fails: 'root',
  });
  expect(spans.find(({ name }) => name === 'fails')?.status?.code).toBe(2);
  expect(report).toMatchObject({ engine, flushed: { exported: 6, dropped: 0 }, waiting: 0, lastError: '' });
}

for (const [runtime, engine] of PROCESSES) {
  const probe = (): string | undefined =>
    existsSync(runtime.binary) ? probeRuntime(runtime) : `Expected ${runtime.name}; run npm ci there.`;
  requireCounterpart(runtime.name, probe)(runtime.name, () => {
    test.each(Object.entries(FORMATS))('%s', async (name, source) => {
      const receiver = await receiveOtlp();
      const options = `{ endpoint: '${receiver.base}', compression: 'gzip' }`;
      const last = `smoke(spandrel, ${options}).then((report) => console.log(JSON.stringify(report)));`;
      const file = installation.add(name, `${source}\n${last}`);
      const { code, stdout, stderr } = await installation.run(runtime, file);
      expect({ code, stderr: engine === 'wasm' ? stderr : '' }).toEqual({ code: 0, stderr: '' });
      if (engine === 'ts') expect(stderr).toContain('the TypeScript engine is used instead');
      expectSmoke(JSON.parse(stdout), receiver.spans, engine);
    });
  });
}

requireCounterpart('Deno', () => probeRuntime(DENO))('Deno with its own tracing on', () => {
  test('records nothing twice, and says that only spans of ours are ours', async () => {
    const receiver = await receiveOtlp();
    const last = `smoke(spandrel, {}).then((report) => console.log(JSON.stringify(report)));`;
    const file = installation.add('native.mjs', `${FORMATS['smoke.mjs']}\n${last}`);
    const environment = { OTEL_DENO: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base };
    const { code, stdout, stderr } = await installation.run(DENO, file, { environment });
    expect(code).toBe(0);
    expect(stderr.trim().split('\n')).toEqual([
      expect.stringContaining('another OpenTelemetry provider is registered already'),
    ]);
    const traces = receiver.requests.filter(({ path }) => path === '/v1/traces');
    const spans = traces.flatMap(({ body }) => spansOf(body));
    // Deno makes spans of requests, ours included, and of nothing else that the program does.
    expectSmoke(
      JSON.parse(stdout),
      spans.filter(({ name }) => name !== 'POST'),
      'wasm',
    );
  });
});

/** As a bundler does that builds for a host with these conditions of `exports`. */
async function bundle(conditions: readonly string[], last: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: `${FORMATS['smoke.mjs']}\n${last}`, resolveDir: installation.folder, loader: 'js' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: [...conditions],
    external: ['node:*'],
    logLevel: 'error',
  });
  return outputFiles[0].text;
}

requireCounterpart('Chromium', probeChromium)('Chromium', () => {
  test('in a page, where parents are named after an await', async () => {
    const options = '{ endpoint: location.origin, compression: "gzip", carries: false }';
    const program = await bundle(
      ['browser'],
      `smoke(spandrel, ${options})
        .then((report) => JSON.stringify(report), (error) => String(error?.stack))
        .then((body) => fetch('/result', { method: 'POST', body }));`,
    );
    const spans: OtlpSpan[] = [];
    const report = await runInChromium(program, (body) => spans.push(...spansOf(gunzipSync(body))));
    expectSmoke(JSON.parse(report), spans, 'wasm');
  }, 60_000);

  test('a page that is hidden sends what has finished', async () => {
    const program = await bundle(
      ['browser'],
      `spandrel.init({ endpoint: location.origin, batch: { scheduledDelayMillis: 600_000 } });
      spandrel.span('last', () => {});
      // Nobody can look away from a headless page: it is told that somebody did.
      Object.defineProperty(document, 'visibilityState', { value: 'hidden' });
      document.dispatchEvent(new Event('visibilitychange'));
      while (spandrel.stats().exported === 0) await turn();
      await fetch('/result', { method: 'POST', body: 'sent' });`,
    );
    const names: string[] = [];
    await runInChromium(program, (body) => names.push(...spansOf(body).map(({ name }) => name)));
    expect(names).toEqual(['last']);
  }, 60_000);
});

requireCounterpart('workerd', probeWorkerd)('workerd', () => {
  test('in a worker, which may not compile at run time', async () => {
    const receiver = await receiveOtlp();
    const program = await bundle(
      ['workerd', 'worker', 'browser'],
      `export default {
          async fetch() {
            try {
              return Response.json(await smoke(spandrel, { endpoint: '${receiver.base}' }));
            } catch (error) {
              return new Response(String(error?.stack), { status: 500 });
            }
          },
        };`,
    );
    expectSmoke(JSON.parse(await runInWorkerd(program)), receiver.spans, 'ts');
  }, 60_000);
});

describe('the smoke program', () => {
  test('is told apart from one that lost a span', async () => {
    const report = {
      engine: 'wasm',
      flushed: { exported: 6, dropped: 0, bytes: 1 },
      waiting: 0,
      lastError: '',
    };
    expect(() => expectSmoke(report, [], 'wasm')).toThrow();
  });
});

function spansOf(body: Uint8Array): OtlpSpan[] {
  return readExportTraceServiceRequest([body]).resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans),
  );
}
