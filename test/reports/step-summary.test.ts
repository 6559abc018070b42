/** Summaries of GitHub steps, read by a parser of GitHub's Markdown. */
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { toPrintable } from '../../src/diagnostics.ts';
import { escapeMarkdown, writeStepSummary } from '../../src/experiments/views/write-step-summary.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { comparison, experiment, item, metric } from '../helpers/experiment-result.ts';

const folder = mkdtempSync(join(tmpdir(), 'spandrel-summary-'));
const path = join(folder, 'summary.md');
beforeEach(() => rmSync(path, { force: true }));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Token {
  readonly type: string;
  readonly header?: readonly { readonly text: string }[];
  readonly rows?: readonly (readonly { readonly tokens: readonly Token[] }[])[];
}
interface Marked {
  lexer(text: string): Token[];
  parse(text: string): string;
}
const INSTALLED = new URL('node_modules/marked', import.meta.url);
const probe = () =>
  existsSync(INSTALLED)
    ? undefined
    : 'Expected the packages of test/reports; run `npm ci --prefix test/reports`.';
const marked = async () =>
  (await import(createRequire(new URL('package.json', import.meta.url)).resolve('marked'))) as Marked;

const run = experiment(
  {
    metrics: [metric(), metric({ name: 'duration_ms', mean: 412 })],
    baseline: { name: 'capitals', runId: 'run-0', metrics: [comparison()] },
    gate: {
      passed: false,
      failures: [{ metric: 'exact', rule: 'min 0.8', message: 'expected 0.8, got 0.5' }],
    },
  },
  [item(), item({ id: 'b', status: 'error', error: { name: 'TypeError', message: 'a | b\n<script>' } })],
);

requireCounterpart('a parser of Markdown', probe)('a step summary', () => {
  test('is appended as a title, the gate and tables', async () => {
    writeFileSync(path, '# of an earlier command');
    expect(await writeStepSummary(run, path)).toBe(true);
    const text = readFileSync(path, 'utf8');
    expect(text.startsWith('# of an earlier command\n')).toBe(true);
    const tables = (await marked()).lexer(text).filter(({ type }) => type === 'table');
    expect(tables.map(({ header }) => header?.[0].text)).toEqual([
      'gate',
      'metric',
      'against baseline',
      'failed item',
    ]);
    expect(tables.map(({ rows }) => rows?.map((row) => row.length))).toEqual([[2], [7, 7], [6], [3]]);
    const html = (await marked()).parse(text);
    expect(html).toContain('<td>TypeError&#58; a &#124; b &#60;script&#62;</td>');
    expect(html).toContain('❌ gate failed');
  });

  test('says any text as that text, in one cell', async () => {
    const { lexer, parse } = await marked();
    const text = fc.oneof(
      fc.string({ unit: 'grapheme-ascii' }),
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '|',
        '\\|',
        '`|`',
        '<b>',
        '**x**',
        '[a](javascript:x)',
        'https://a.b',
        'www.a.b',
        'a@b.cc',
        '![](x)',
        '&lt;',
        '&#124;',
        '@all',
        '<!--',
      ),
    );
    fc.assert(
      fc.property(text, text, (a, b) => {
        const source = `| x | y |\n| - | - |\n| ${escapeMarkdown(a)} | ${escapeMarkdown(b)} |`;
        const [table] = lexer(source);
        expect(table.rows?.[0]).toHaveLength(2);
        for (const { tokens } of table.rows?.[0] ?? []) {
          expect(tokens.filter(({ type }) => type !== 'text' && type !== 'escape')).toEqual([]);
        }
        const [, first] = /<tbody><tr>\n<td>(.*)<\/td>/.exec(parse(source)) ?? [];
        const said = (first ?? '').replace(/&#(\d+);/g, (_, code) => String.fromCharCode(code));
        expect(said).toBe(toPrintable(a).replace(/\s+/g, ' ').trim());
      }),
    );
  });
});

describe('the file of a step summary', () => {
  test('never grows over what GitHub takes', async () => {
    const wide = Array.from({ length: 300 }, (_, place) => metric({ name: `${'&'.repeat(300)}${place}` }));
    const many = experiment({
      metrics: wide,
      baseline: { name: 'x', runId: 'y', metrics: wide.map(({ name }) => comparison({ name })) },
    });
    for (let step = 0; step < 12; step++) await writeStepSummary(many, path);
    expect(statSync(path).size).toBeGreaterThan(900_000);
    expect(statSync(path).size).toBeLessThanOrEqual(1_048_576);
  });

  test('is not written where GitHub names none', async () => {
    expect(await writeStepSummary(run, '')).toBe(false);
  });
});
