/** Spans in a local file: lines of OTLP JSON, whole and once each, and a program that no fault of the file reaches. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { context as contextApi, propagation, trace as traceApi } from '@opentelemetry/api';
import { InMemorySpanExporter as UpstreamExporter } from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { span, startSpan, trace } from '../src/ai/trace.ts';
import { FileSpanExporter } from '../src/api/file-span-exporter.ts';
import type { ReadableSpan } from '../src/api/types.ts';
import { flush, init, shutdown, stats } from '../src/init.ts';
import { bundle, run } from './helpers/api-child.ts';
import { receiveOtlp } from './helpers/api-receiver.ts';
import { balance, captureWarnings } from './helpers/api-recorder.ts';
import { otlpJsonByProtobufjs } from './helpers/engine-protobufjs.ts';
import { type ReceivedSpan, spansOf } from './helpers/received-spans.ts';

const lines = captureWarnings();
let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'spandrel-file-'));
  path = join(folder, 'made/traces.jsonl');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await shutdown(100);
  traceApi.disable();
  contextApi.disable();
  propagation.disable();
  chmodSync(folder, 0o700);
  rmSync(folder, { recursive: true, force: true });
});

/** Each line as what it decodes to; a line that is no JSON, or no request, fails. */
function read(file = path): ReceivedSpan[] {
  const text = readFileSync(file, 'utf8');
  expect(text.endsWith('\n')).toBe(true);
  return text
    .slice(0, -1)
    .split('\n')
    .flatMap((line) => spansOf(JSON.parse(line)));
}
const namesIn = (file = path): string[] => read(file).map(({ name }) => name);
const mode = (file: string): number => statSync(file).mode & 0o777;

/** A program of its own that ends `count` spans in a file, a few a batch. */
const writer = (file: string, count: number, name: string, size = 10) => `
  import { flush, init, shutdown, startSpan, stats } from './src/index.ts';
  init({ exporters: [{ file: ${JSON.stringify(file)} }] });
  for (let index = 0; index < ${count}; index++) {
    startSpan('${name}-' + index).setAttribute('text', 'x'.repeat(${size})).end();
    if (index % 5 === 4) await flush();
  }
  await shutdown();
  const { exported, failed, started, waiting } = stats();
  console.log(JSON.stringify({ exported, failed, started, waiting }));
`;

describe('a trace file', () => {
  test('has what a receiver of the same spans decodes, as many as the ledger says, and keeps arena mode', async () => {
    const receiver = await receiveOtlp();
    init({ exporters: [{ endpoint: receiver.base }, { file: path }], resource: undefined });
    const work = trace(async function work(input: unknown) {
      return span('step', (current) => {
        current.setAttributes({ n: 1.5, big: 2 ** 53, list: ['a', '\u{1f41d}'], no: false });
        current.addEvent('seen', { 'line\nend': '"\n"' });
        return [input];
      });
    });
    for (const input of ['bees\n', { tide: Number.NaN }, '\ud800', 'long '.repeat(50_000)]) await work(input);
    await expect(trace(() => Promise.reject(new Error('no')))()).rejects.toThrow('no');
    await flush();
    for (let index = 0; index < 300; index++) startSpan(`more-${index}`).end();
    await flush();
    const received = receiver.requests.flatMap(({ body }) => spansOf(otlpJsonByProtobufjs(body)));
    const byId = (spans: ReceivedSpan[]) => spans.sort((a, b) => (a.spanId < b.spanId ? -1 : 1));
    expect(byId(read())).toEqual(byId(received));
    const { mode: spanMode, destinations, started } = stats();
    expect(spanMode).toBe('arena');
    expect(destinations[1]).toMatchObject({ name: path, exported: started, failed: 0, waiting: 0 });
    expect(read()).toHaveLength(started);
    expect(balance(stats())).toBe(0);
  });

  test('is a line a batch, appended to, whoever wrote the others', async () => {
    for (const name of ['one', 'two']) {
      init({ exporters: [{ file: path }] });
      startSpan(name).end();
      await flush();
      startSpan(`${name} again`).end();
      await shutdown();
    }
    expect(namesIn()).toEqual(['one', 'one again', 'two', 'two again']);
    expect(readFileSync(path, 'utf8').split('\n')).toHaveLength(5);
  });

  test('is for its owner alone, in a folder that is so too; what exists keeps its mode', async () => {
    const before = process.umask(0);
    try {
      init({ exporters: [{ file: path }] });
      startSpan('one').end();
      await flush();
    } finally {
      process.umask(before);
    }
    expect([mode(path), mode(join(folder, 'made'))]).toEqual([0o600, 0o700]);
    chmodSync(path, 0o640);
    startSpan('two').end();
    await flush();
    expect([mode(path), namesIn()]).toEqual([0o640, ['one', 'two']]);
  });

  test('has a place of its own when only its word is given, as an option and as a variable', async () => {
    const program = await bundle(`
      import { init, startSpan } from './src/index.ts';
      init(process.env.AS_OPTION ? { exporters: ['file'] } : {});
      process.chdir('/');
      startSpan('at the end').end();
    `);
    const environments: Record<string, string>[] = [{ OTEL_TRACES_EXPORTER: 'file' }, { AS_OPTION: 'yes' }];
    for (const environment of environments) {
      expect(await run(program, { cwd: folder, environment })).toMatchObject({ code: 0, stderr: '' });
    }
    expect(namesIn(join(folder, '.spandrel/traces.jsonl'))).toEqual(['at the end', 'at the end']);
    expect(readdirSync(folder)).toEqual(['.spandrel']);
  });

  test('gets spans that other processors write to as well', async () => {
    const upstream = new UpstreamExporter();
    init({ exporters: [{ file: path, name: 'here' }, upstream] });
    startSpan('one').end();
    await flush();
    expect(stats()).toMatchObject({ mode: 'plug-in', destinations: [{ name: 'here', exported: 1 }, {}] });
    const [kept] = upstream.getFinishedSpans() as unknown as ReadableSpan[];
    const code = await new Promise((resolve) => new FileSpanExporter(path).export([kept], resolve));
    expect(code).toEqual({ code: 0 });
    expect(namesIn()).toEqual(['one', 'one']);
  });

  test('is whole when several processes append to it', async () => {
    const [count, size] = [100, 30_000];
    const programs = await Promise.all(
      ['a', 'b', 'c'].map((name) => bundle(writer(path, count, name, size))),
    );
    const results = await Promise.all(programs.map((program) => run(program)));
    for (const { stdout, stderr } of results) {
      expect(stderr).toBe('');
      expect(JSON.parse(stdout)).toEqual({ exported: count, failed: 0, started: count, waiting: 0 });
    }
    expect(new Set(namesIn()).size).toBe(3 * count);
  }, 40_000);
});

describe('a trace file that cannot be written', () => {
  /** Ends two batches of one span, and two of the same later. */
  const endTwo = async (): Promise<void> => {
    for (const name of ['lost', 'lost too']) {
      startSpan(name).end();
      await flush(2_000);
    }
  };

  test.each([
    ['is a link', () => symlinkSync(join(folder, 'elsewhere'), path), /symbolic link, which is not followed/],
    ['is a folder', () => mkdirSync(path), /is a folder/],
    [
      'is below a file',
      () => {
        rmSync(join(folder, 'made'), { recursive: true });
        writeFileSync(join(folder, 'made'), '');
      },
      /no folder|EEXIST|ENOTDIR/,
    ],
  ])('because it %s loses its spans alone, counted and said once', async (_, spoil, said) => {
    const receiver = await receiveOtlp();
    mkdirSync(join(folder, 'made'));
    spoil();
    init({ exporters: [{ endpoint: receiver.base }, { file: path }] });
    await endTwo();
    expect(stats().destinations).toMatchObject([{ exported: 2 }, { exported: 0, failed: 2 }]);
    expect(balance(stats())).toBe(0);
    expect(receiver.spans).toHaveLength(2);
    expect(lines).toEqual([expect.stringMatching(said)]);
    expect(existsSync(join(folder, 'elsewhere'))).toBe(false);
  });

  test('is no pipe that nobody reads', async () => {
    execFileSync('mkfifo', [join(folder, 'pipe')], { stdio: 'ignore' });
    init({ exporters: [{ file: join(folder, 'pipe') }] });
    await endTwo();
    expect(stats()).toMatchObject({ failed: 2, waiting: 0 });
    expect(lines).toEqual([expect.stringMatching(/no regular file/)]);
  });

  test('because it was removed or renamed is made anew, with its folder', async () => {
    init({ exporters: [{ file: path }] });
    startSpan('one').end();
    await flush();
    renameSync(path, join(folder, 'older.jsonl'));
    startSpan('two').end();
    await flush();
    rmSync(join(folder, 'made'), { recursive: true });
    startSpan('three').end();
    await flush();
    expect([namesIn(), namesIn(join(folder, 'older.jsonl'))]).toEqual([['three'], ['one']]);
    expect([stats().exported, lines]).toEqual([3, []]);
  });

  test('for want of room costs the batch and not the line after it', async () => {
    const program = await bundle(writer(path, 40, 'span', 1_000));
    // A limit of 8 KiB, in blocks of 512 bytes; the signal that comes with it is ignored, so that the write answers with an error.
    const limited = ['sh', '-c', 'trap "" XFSZ; ulimit -f 16; exec "$@"', 'sh'];
    const { code, stdout, stderr } = await run(program, { via: limited });
    const { exported, failed, started, waiting } = JSON.parse(stdout);
    expect([code, waiting, exported + failed]).toEqual([0, 0, started]);
    expect(exported).toBeGreaterThan(0);
    expect(failed).toBeGreaterThan(0);
    expect(
      stderr
        .trim()
        .split('\n')
        .filter((line) => /cannot write/.test(line)),
    ).toHaveLength(1);
    const [broken, ...rest] = readFileSync(path, 'utf8').split('\n').reverse();
    expect(rest.flatMap((line) => spansOf(JSON.parse(line)))).toHaveLength(exported);
    expect(broken).not.toBe('');
    init({ exporters: [{ file: path }] });
    startSpan('room again').end();
    await flush();
    expect(readFileSync(path, 'utf8').split('\n').at(-2)).toContain('room again');
  }, 40_000);

  test('because it is not said what it is ends the start, or is left out beside others', async () => {
    init({ exporters: [{ file: ' ' }] });
    expect(stats()).toMatchObject({
      engine: 'none',
      lastError: expect.stringMatching(/exporters\[0\].*file/),
    });
    const receiver = await receiveOtlp();
    init({
      exporters: [{ file: 5 as never }, { endpoint: receiver.base }, { file: path, mode: 7 } as never],
    });
    startSpan('one').end();
    await flush();
    expect(stats().destinations.map(({ exported }) => exported)).toEqual([1, 1]);
    expect(lines.join('\n')).toMatch(/exporters\[0\]: expected file to be a path/);
    expect(lines.join('\n')).toMatch(/exporters\[2\]\.mode: expected one of batch, file, name/);
  });
});
