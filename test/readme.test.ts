import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readExportTraceServiceRequest } from '../src/export/otlp-reader.ts';

const readme = readFileSync('README.md', 'utf8');
const blocks = [...readme.matchAll(/```(\w+)\n(.*?)```/gs)].map(([, language, code]) => ({ language, code }));

// Inside the package, so that 'spandrel' resolves to it as it would for someone who installed it.
mkdirSync('.cache', { recursive: true });
const folder = mkdtempSync('.cache/readme-');
let server: Server;
let names: string[] = [];

beforeAll(async () => {
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
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a block as it stands, but for the receiver's port. */
function run(
  code: string,
  index: number,
  flags: readonly string[] = [],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const file = join(folder, `block-${index}.mjs`);
  writeFileSync(file, code.replaceAll('http://localhost:4318', endpoint));
  names = [];
  const child = spawn(process.execPath, [...flags, file], {
    env: { ...process.env, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint },
    timeout: 15_000,
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    output.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    output.stderr += chunk;
  });
  return new Promise((resolve) => child.on('close', (exitCode) => resolve({ code: exitCode, ...output })));
}

describe('the README', () => {
  const programs = blocks.filter(({ language }) => language === 'js');
  const programWith = (text: string): string => programs.find(({ code }) => code.includes(text))?.code ?? '';

  it('has the programs that the next cases run', () => {
    expect(existsSync('dist/esm/index.mjs')).toBe(true);
    expect(programs).toHaveLength(5);
  });

  it('shows a first trace on the screen, and sends nothing', async () => {
    const { code, stdout, stderr } = await run(programWith("exporters: ['console']"), 4);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^According to notes on bees/);
    expect(stdout).toMatch(/name: 'search'[\s\S]*name: 'agent'/);
    expect(stdout).toContain("'output.value': 'According to notes on bees'");
    expect(names).toEqual([]);
  });

  it('traces functions', async () => {
    const { code, stdout, stderr } = await run(programWith('Do bees dance?'), 0);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('According to notes on bees: yes.');
    expect(stdout).toContain('exported: 3');
    expect(names.sort()).toEqual(['answer', 'rank', 'search']);
  });

  it('sends spans to two receivers', async () => {
    const { code, stdout, stderr } = await run(programWith("name: 'vendor'"), 3);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/name: 'own', exported: 1, lastError: undefined/);
    expect(stdout).toMatch(/name: 'vendor', exported: 1, lastError: undefined/);
    expect(names).toEqual(['work', 'work']);
  });

  it('moves a program over from opentelemetry-js', async () => {
    expect(await run(programWith('spandrel/otel'), 1)).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(names).toEqual(['work']);
  });

  it('traces a program that does not know of it', async () => {
    const [, flags] = /node (--import \S+) app\.mjs/.exec(readme) ?? [];
    const result = await run(programWith("getTracer('app')"), 2, flags.split(' '));
    expect(result).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(names).toEqual(['work']);
  });

  it('names only scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    for (const [, script] of readme.matchAll(/npm run ([\w:]+)/g)) expect(scripts).toHaveProperty(script);
  });

  it('shows only figures that the bench wrote', () => {
    const results = ['bench/results.md', 'bench/wrappers/results.md']
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    const rows = [...readme.matchAll(/^\|.*`([\w-]+)`.*$/gm)];
    expect(rows.length).toBeGreaterThan(4);
    for (const [row, name] of rows) {
      const figures = row
        .split('|')
        .slice(3, -1)
        .flatMap((cell) => cell.match(/\d[\d,.]*/g) ?? []);
      const measured = results
        .split('\n')
        .filter((line) => line.startsWith(`| ${name} `) || line.startsWith(`| \`${name}\``));
      expect(figures.length, row).toBeGreaterThan(0);
      for (const figure of figures) {
        expect(measured.join('\n'), `${name}: ${figure}`).toContain(figure.replaceAll(',', ''));
      }
    }
  });
});
