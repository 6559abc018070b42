import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readExportTraceServiceRequest } from '../src/export/otlp-reader.ts';
import { requireCounterpart } from './helpers/counterparts.ts';
import { pack, unpack } from './helpers/packed.ts';
import { DENO, probeRuntime } from './helpers/runtimes.ts';

const project = mkdtempSync(join(tmpdir(), 'spandrel-package-'));
let files: string[] = [];
let server: Server;
let names: string[] = [];

beforeAll(async () => {
  const packed = pack(project);
  files = packed.files;
  unpack(packed.tarball, project);
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
        !/^(dist\/(esm|cjs|cli|module|browser|types)\/|package\.json$|CHANGELOG\.md$|README\.md$|LICENSE$|THIRD_PARTY_NOTICES$)/.test(
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

describe('the files beside the code', () => {
  const built = (): string[] => files.filter((path) => /^dist\/(cjs|module)\/.*\.[cm]js$/.test(path));

  it('have a source map each, with its sources', () => {
    const made = built().filter((path) => !/\/(loaded|runtime)\.cjs$/.test(path));
    expect(made.length).toBeGreaterThan(30);
    for (const path of made) {
      const text = readFileSync(join(project, 'node_modules/spandrel', path), 'utf8');
      expect(text).toMatch(/\n\/\/# sourceMappingURL=\S+\.map\s*$/);
      const map = JSON.parse(readFileSync(join(project, 'node_modules/spandrel', `${path}.map`), 'utf8'));
      expect(map.sourcesContent).toHaveLength(map.sources.length);
    }
  });

  it('say whose code is bundled: the sources are all our own, or named', () => {
    const notices = readFileSync(join(project, 'node_modules/spandrel/THIRD_PARTY_NOTICES'), 'utf8');
    const foreign = built().flatMap((path) => {
      const map = join(project, 'node_modules/spandrel', `${path}.map`);
      if (!files.includes(`${path}.map`)) return [];
      const { sources } = JSON.parse(readFileSync(map, 'utf8')) as { sources: string[] };
      return sources.flatMap((source) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source)?.[1] ?? []);
    });
    expect([...new Set(foreign)].filter((name) => !notices.includes(`\n${name} `))).toEqual([]);
    expect(notices).toMatch(/^Code of others in this package:/);
  });

  it('hold nothing that runs at installation', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    expect(Object.keys(scripts)).not.toContain('prepare');
    expect(files).not.toContain('binding.gyp');
  });
});

const jsr = JSON.parse(readFileSync('jsr.json', 'utf8'));
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));

describe('the manifest for JSR', () => {
  it('has the version and the entries of package.json', () => {
    const entries = Object.keys(manifest.exports).filter((entry) => entry !== './package.json');
    expect(jsr.version).toBe(manifest.version);
    expect(Object.keys(jsr.exports).sort()).toEqual(entries.sort());
  });
});

requireCounterpart('Deno 2', () => probeRuntime(DENO))('a publication on JSR', () => {
  it('passes a dry run', { timeout: 60_000 }, () => {
    const flags = ['--dry-run', '--allow-dirty', '--allow-slow-types', '--no-check', '--config', 'jsr.json'];
    const said = execFileSync(DENO.binary, ['publish', ...flags], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    expect(said).toBeDefined();
  });
});
