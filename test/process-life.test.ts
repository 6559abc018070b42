import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { accept, receive, refusingPort, until } from './helpers/fault-server.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

describe('in a process of its own', () => {
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(ROOT, 'node_modules/.spandrel-test-'));
    for (const [format, extension] of [
      ['esm', 'mjs'],
      ['cjs', 'cjs'],
    ] as const) {
      await build({
        stdin: {
          contents: `export { OTLPTraceExporter } from './src/api/otlp-trace-exporter.ts';
            export { Pipe } from './src/export/pipe.ts';
            export { FakeSource } from './test/helpers/fake-source.ts';`,
          resolveDir: ROOT,
        },
        bundle: true,
        platform: 'node',
        target: 'node20',
        external: ['@opentelemetry/api'],
        format,
        outfile: join(folder, `bundle.${extension}`),
        logLevel: 'error',
      });
    }
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  interface Run {
    readonly output: string;
    readonly code: number | null;
    readonly millis: number;
  }

  /** Runs `script` with `OTLPTraceExporter`, `Pipe`, `FakeSource` and a `pipe` to `url` in scope. */
  function run(format: 'esm' | 'cjs', url: string, script: string): Promise<Run> {
    const names = '{ OTLPTraceExporter, Pipe, FakeSource }';
    const load =
      format === 'esm' ? `import ${names} from './bundle.mjs';` : `const ${names} = require('./bundle.cjs');`;
    const program = `${load}
      const source = new FakeSource();
      const pipe = new Pipe({
        exporter: new OTLPTraceExporter({ url: ${JSON.stringify(url)} }).wire(),
        source, scheduledDelayMillis: 5, warn: () => {},
      });
      const finish = (count) => { source.add(count); pipe.notify(source.waitingBytes, source.waitingSpans); };
      ${script}`;
    const path = join(
      folder,
      `program-${Math.random().toString(36).slice(2)}.${format === 'esm' ? 'mjs' : 'cjs'}`,
    );
    writeFileSync(path, program);
    const started = performance.now();
    const child = spawn(process.execPath, [path], { stdio: ['ignore', 'pipe', 'pipe'] });
    const pieces: Buffer[] = [];
    child.stdout.on('data', (piece: Buffer) => pieces.push(piece));
    child.stderr.on('data', (piece: Buffer) => pieces.push(piece));
    return new Promise((resolve) => {
      child.on('close', (code) => {
        resolve({ output: Buffer.concat(pieces).toString(), code, millis: performance.now() - started });
      });
    });
  }

  test.each(['esm', 'cjs'] as const)(
    'as %s: node:http is loaded by the first send, not before',
    async (format) => {
      const server = await receive();
      const script = `
      const loaded = () => process.moduleLoadList.some((name) => / (_?http|https|zlib|tls)(_|$)/.test(name));
      const before = loaded();
      source.add(1);
      pipe.flush().then((result) => console.log(before, loaded(), JSON.stringify(result)));`;
      const { output, code } = await run(format, server.url, script);
      expect(output.trim()).toBe('false true {"exported":1,"dropped":0,"waiting":0,"bytes":100}');
      expect(code).toBe(0);
      expect(server.requests).toHaveLength(1);
    },
  );

  test('an idle kept-alive connection does not keep the process', async () => {
    const server = await receive();
    const { code, millis } = await run('esm', server.url, 'source.add(1); await pipe.flush();');
    expect(code).toBe(0);
    expect(server.requests).toHaveLength(1);
    expect(millis).toBeLessThan(4_000);
  });

  test('nor does an export in flight to a server that never answers', async () => {
    const server = await accept((socket) => socket.resume());
    const script = `finish(1);
      // Holds the process until the request is under way, no longer.
      const wait = setInterval(() => { if (pipe.inFlightSpans > 0) clearInterval(wait); }, 20);
      process.once('beforeExit', () => console.log('end', pipe.inFlightSpans));`;
    const { output, millis } = await run('esm', server.url, script);
    expect(output.trim()).toBe('end 1');
    expect(millis).toBeLessThan(4_000);
  });

  test('nor does a pause after a refused connection', async () => {
    const script = `finish(1);
      const wait = setInterval(() => { if (pipe.counters.lastError) clearInterval(wait); }, 20);`;
    const { code, millis } = await run('esm', `http://127.0.0.1:${await refusingPort()}/`, script);
    expect(code).toBe(0);
    expect(millis).toBeLessThan(4_000);
  });

  test('but a flush that is awaited settles, also when nobody answers', async () => {
    const server = await accept((socket) => socket.resume());
    const script = 'finish(1); console.log(JSON.stringify(await pipe.flush(400)));';
    const { output, code } = await run('esm', server.url, script);
    expect(output.trim()).toBe('{"exported":0,"dropped":0,"waiting":1,"bytes":0}');
    expect(code).toBe(0);
  });

  test('a flush before the exit delivers what waits', async () => {
    const server = await receive();
    const script = `finish(3); process.once('beforeExit', () => pipe.flush(1_000));`;
    expect((await run('cjs', server.url, script)).code).toBe(0);
    await until(() => server.requests.length === 1);
  });
});
