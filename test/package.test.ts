import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readExportTraceServiceRequest } from '../src/export/otlp-reader.ts';

const project = mkdtempSync(join(tmpdir(), 'spandrel-package-'));
let files: string[] = [];
let server: Server;
let names: string[] = [];

beforeAll(async () => {
  const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', project], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [{ filename, files: entries }] = JSON.parse(packed) as [
    { filename: string; files: { path: string }[] },
  ];
  files = entries.map(({ path }) => path);
  const target = join(project, 'node_modules/spandrel');
  mkdirSync(target, { recursive: true });
  execFileSync('tar', ['-xzf', join(project, filename), '-C', target, '--strip-components=1']);
  // The one peer, as npm would put it there.
  cpSync('node_modules/@opentelemetry/api', join(project, 'node_modules/@opentelemetry/api'), {
    recursive: true,
  });
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      for (const { scopeSpans } of readExportTraceServiceRequest(chunks).resourceSpans) {
        for (const { spans } of scopeSpans) names.push(...spans.map(({ name }) => name));
      }
      response.end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  server.close();
  rmSync(project, { recursive: true, force: true });
});

function run(file: string, source: string): Promise<{ code: number | null; stderr: string }> {
  writeFileSync(join(project, file), source);
  names = [];
  const { port } = server.address() as AddressInfo;
  const child = spawn(process.execPath, [file], {
    cwd: project,
    env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
    stdio: ['ignore', 'inherit', 'pipe'],
    timeout: 15_000,
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stderr })));
}

const body = `
init({ serviceName: 'ten-lines' });
const answer = trace(async function answer(question) {
  return span('look up', () => question.length);
});
answer('what is a spandrel?').then(async () => {
  if (stats().engine !== 'wasm') throw new Error(stats().engine);
});
`;

describe('the packed package, installed in an empty project', () => {
  it('holds the build, its types and its licence, and nothing else', () => {
    const unexpected = files.filter(
      (path) =>
        !/^(dist\/(esm|cjs|cli|types)\/|dist\/THIRD-PARTY-LICENSES\.txt$|package\.json$|README\.md$|LICENSE$)/.test(
          path,
        ),
    );
    expect(unexpected).toEqual([]);
    expect(files.filter((path) => path.includes('bench-hooks') && !path.endsWith('.d.ts'))).toEqual([]);
  });

  it('traces ten lines of ESM', async () => {
    const { code, stderr } = await run(
      'ten.mjs',
      `import { init, span, stats, trace } from 'spandrel';${body}`,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(names.sort()).toEqual(['answer', 'look up']);
  });

  it('traces ten lines of CommonJS', async () => {
    const { code, stderr } = await run(
      'ten.cjs',
      `const { init, span, stats, trace } = require('spandrel');${body}`,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(names.sort()).toEqual(['answer', 'look up']);
  });

  it.each([
    ['mjs', "import { evaluate } from 'spandrel/experiments';"],
    ['cjs', "const { evaluate } = require('spandrel/experiments');"],
  ])('evaluates rows of a file in .%s, with the spans of its own entry', async (extension, load) => {
    writeFileSync(join(project, 'rows.csv'), 'inputs,expected\na,A\nb,B\n');
    const source = `
${load}
${extension === 'mjs' ? "import { init } from 'spandrel';" : "const { init } = require('spandrel');"}
init();
const evaluators = { exact: ({ output, expected }) => output === expected };
evaluate({ name: 'packed', task: ({ inputs }) => inputs.toUpperCase(), data: 'rows.csv', evaluators, progress: 'none' }).then(
  ({ metrics }) => {
    if (metrics[0].mean !== 1 || metrics[0].count !== 2) throw new Error(JSON.stringify(metrics));
  },
);
`;
    expect(await run(`evaluate.${extension}`, source)).toEqual({ code: 0, stderr: '' });
    expect(names.sort()).toEqual(['evaluate packed', 'evaluate packed', 'exact', 'exact', 'task', 'task']);
  });

  it('shares one arena between its CommonJS entries', async () => {
    const source = `
const { init, stats } = require('spandrel');
const { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider } = require('spandrel/otel');
init({ arenaBytes: 8388608 });
const provider = new TracerProvider({ arenaBytes: 8388608, spanProcessors: [new SimpleSpanProcessor(new InMemorySpanExporter())] });
provider.getTracer('t').startSpan('s').setAttribute('k', 'v').end();
if (stats().memo.keys < 1) throw new Error('two arenas');
`;
    expect(await run('shared.cjs', source)).toEqual({ code: 0, stderr: '' });
  });
});
