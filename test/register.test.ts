/** Zero-code start: the built package loaded before a program that knows only `@opentelemetry/api`. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ChildResult, run } from './helpers/api-child.ts';
import { type OtlpReceiver, receiveOtlp } from './helpers/api-receiver.ts';
import { plainAttributes } from './helpers/api-recorder.ts';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const BODY = `
const tracer = trace.getTracer('shop', '2');
tracer.startActiveSpan('checkout', async (parent) => {
  await new Promise((resolve) => setImmediate(resolve));
  tracer.startActiveSpan('pay', (child) => child.end());
  parent.end();
  console.log('done');
});
`;
const PROGRAMS = {
  'app.mjs': `import { trace } from '@opentelemetry/api';${BODY}`,
  'app.cjs': `const { trace } = require('@opentelemetry/api');${BODY}`,
};

let folder: string;

beforeAll(() => {
  // A project that has the package installed, but for copying it.
  folder = mkdtempSync(join(tmpdir(), 'spandrel-register-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/spandrel'));
  symlinkSync(join(ROOT, 'node_modules/@opentelemetry'), join(folder, 'node_modules/@opentelemetry'));
  for (const [name, source] of Object.entries(PROGRAMS)) writeFileSync(join(folder, name), source);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function start(
  program: keyof typeof PROGRAMS,
  flags: string[],
  environment: Record<string, string>,
): Promise<ChildResult> {
  return run(join(folder, program), { flags, environment, cwd: folder });
}

function expectCheckout(receiver: OtlpReceiver): void {
  const spans = [...receiver.spans].sort((a, b) => (a.name < b.name ? -1 : 1));
  expect(spans.map(({ name }) => name)).toEqual(['checkout', 'pay']);
  const [checkout, pay] = spans;
  expect(pay).toMatchObject({ traceId: checkout.traceId, parentSpanId: checkout.spanId });
}

const IMPORT = ['--import', 'spandrel/register'];
const REQUIRE = ['--require', 'spandrel/register'];

describe('spandrel/register', () => {
  test.each([
    ['app.mjs', IMPORT],
    ['app.cjs', IMPORT],
    ['app.mjs', REQUIRE],
    ['app.cjs', REQUIRE],
    ['app.mjs', [...IMPORT, ...REQUIRE]],
    ['app.cjs', [...IMPORT, ...REQUIRE, ...REQUIRE]],
    ['app.mjs', ['--frozen-intrinsics', '--no-warnings', ...IMPORT]],
    ['app.cjs', ['--frozen-intrinsics', '--no-warnings', ...REQUIRE]],
  ] as const)('%s started with %j sends each span once', async (program, flags) => {
    const receiver = await receiveOtlp();
    const { code, stdout, stderr } = await start(program, [...flags], {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base,
      OTEL_SERVICE_NAME: 'zero-code',
    });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'done\n', stderr: '' });
    expectCheckout(receiver);
    const { attributes } = receiver.messages[0].resourceSpans[0].resource;
    expect(plainAttributes(attributes)).toMatchObject({ 'service.name': 'zero-code' });
  });

  test('is configured by the environment: protocol, path, headers and compression', async () => {
    const receiver = await receiveOtlp();
    const { stderr } = await start('app.mjs', IMPORT, {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.base}/own`,
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=k',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    });
    expect(stderr).toBe('');
    expect(receiver.requests).toHaveLength(1);
    expect(receiver.requests[0]).toMatchObject({
      path: '/own',
      headers: { 'x-key': 'k', 'content-encoding': 'gzip', 'content-type': 'application/json' },
    });
  });

  test.each([
    ['OTEL_SDK_DISABLED', 'true'],
    ['OTEL_TRACES_EXPORTER', 'none'],
  ])('with %s=%s sends nothing', async (name, value) => {
    const receiver = await receiveOtlp();
    const { code, stdout, stderr } = await start('app.mjs', IMPORT, {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base,
      [name]: value,
    });
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: 'done\n', stderr: '' });
    expect(receiver.connections).toHaveLength(0);
  });

  test.each([
    ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'nonsense'],
    ['OTEL_EXPORTER_OTLP_CERTIFICATE', '/absent.pem'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'smoke'],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'canary'],
    ['OTEL_TRACES_SAMPLER', 'dice'],
    ['OTEL_TRACES_EXPORTER', 'zipkin'],
    ['OTEL_PROPAGATORS', 'pigeon'],
    ['OTEL_RESOURCE_ATTRIBUTES', 'a'],
    ['OTEL_BSP_SCHEDULE_DELAY', 'soon'],
    ['OTEL_CONFIG_FILE', 'otel.yaml'],
    ['SPANDREL_ENGINE', 'steam'],
  ])('with %s=%s leaves the program alone and says so', async (name, value) => {
    const receiver = await receiveOtlp();
    const { code, stdout, stderr } = await start('app.mjs', IMPORT, {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base,
      [name]: value,
    });
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'done\n' });
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(`^spandrel: .*${name}`)]);
    expect(stderr).not.toContain('canary');
  });
});

test('every file that package.json exports is there, types included', () => {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const pathsOf = (target: unknown): string[] =>
    typeof target === 'string' ? [target] : Object.values(target as object).flatMap(pathsOf);
  const paths = pathsOf(exports);
  expect(paths.length).toBeGreaterThan(12);
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
});
