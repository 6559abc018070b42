// Writes docs/compliance.md from test/compliance/.
// With --check it writes nothing and fails if the page is not what would be written.
import { readFileSync, writeFileSync } from 'node:fs';
import { loadTypeScript } from './load-typescript.mjs';

const root = new URL('../', import.meta.url);
const page = new URL('docs/compliance.md', root);

const INTRODUCTION = `<!-- Written by scripts/write-compliance.mjs from test/compliance/; do not edit. -->
# Compliance with the OpenTelemetry specification

Every row of the [compliance matrix](https://github.com/open-telemetry/opentelemetry-specification/blob/main/spec-compliance-matrix.md)
that concerns a trace SDK (specification commit \`1627b103\`), with our mark, the mark that opentelemetry-js gives
itself there, and the tests that fail if ours is wrong. \`+\` is implemented, \`-\` is not, \`N/A\` does not apply, an
empty mark is unknown. **o** marks optional rows, **1** those of which one in the group is required. Metrics, logs,
declarative configuration, OpenCensus and OpenTracing are no part of this package.

\`test/compliance.test.ts\` holds this page: no row without a claim, no \`+\` without a test that exists.`;

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

/** A title may hold characters that Markdown reads: it is code. */
function reference(test) {
  const colon = test.indexOf(': ');
  const file = test.slice(0, colon);
  const title = test.slice(colon + 2);
  const fence = title.includes('`') ? '``' : '`';
  return `[${file.replace(/\.test\.ts$/, '')}](../test/${file}): ${fence}${title}${fence}`;
}

const references = (tests) => tests.map(reference).join('<br>');

function table(heads, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map((cells) => line(cells.map(cell)))];
}

const OPTIONAL = { required: '', optional: ' **o**', 'one of the group': ' **1**' };

/** Rows of one heading with one and the same claim are one line. */
function matrixRows(rows) {
  const [{ claim }] = rows;
  if (rows.length > 1 && rows.every((row) => row.claim === claim)) {
    const names = rows.map(({ feature }) => feature).join(', ');
    const upstream = [...new Set(rows.map((row) => row.upstream))].join(' ');
    return [[`all ${rows.length}: ${names}`, claim.ours, upstream, references(claim.tests), claim.note]];
  }
  return rows.map((row) => [
    row.feature + OPTIONAL[row.requirement],
    row.claim.ours,
    row.upstream,
    references(row.claim.tests),
    row.claim.note,
  ]);
}

/** How many rows have each of our marks. */
function counts(rows) {
  const count = (mark, chosen) => chosen.filter(({ claim }) => claim.ours === mark).length;
  const required = rows.filter(({ requirement }) => requirement !== 'optional');
  return ['+', '-', 'N/A'].map((mark) => `${count(mark, rows)} (${count(mark, required)})`);
}

function render({ MATRIX, DIFFERENCES, EASILY_MISSED }) {
  const sections = [...new Set(MATRIX.map(({ section }) => section))];
  const of = (section) => MATRIX.filter((row) => row.section === section);
  const lines = [INTRODUCTION, '', 'Rows by our mark, in brackets those that are not optional:', ''];
  lines.push(
    ...table(
      ['section', '`+`', '`-`', '`N/A`'],
      sections.map((name) => [name, ...counts(of(name))]),
    ),
  );
  for (const section of sections) {
    lines.push('', `## ${section}`);
    for (const heading of new Set(of(section).map((row) => row.heading))) {
      if (heading !== '') lines.push('', `### ${heading}`);
      const rows = of(section).filter((row) => row.heading === heading);
      lines.push('', ...table(['feature', 'ours', 'opentelemetry-js', 'shown by', 'note'], matrixRows(rows)));
    }
  }
  lines.push(
    '',
    '## Easily missed',
    '',
    'Rules of the specification that no row of the matrix asks for.',
    '',
  );
  const rules = EASILY_MISSED.map(({ source, rule, ours, tests, note }) => [
    ...[`${rule} (${source})`, ours, references(tests), note],
  ]);
  lines.push(...table(['rule', 'ours', 'shown by', 'note'], rules));
  lines.push('', '## Where we differ from opentelemetry-js', '');
  const differences = DIFFERENCES.map(({ upstream, ours, tests }) => [upstream, ours, references(tests)]);
  lines.push(...table(['opentelemetry-js', 'spandrel', 'shown by'], differences));
  return `${lines.join('\n')}\n`;
}

const text = render(await loadTypeScript('test/compliance/matrix.ts'));
if (!process.argv.includes('--check')) {
  writeFileSync(page, text);
} else if (readFileSync(page, 'utf8') !== text) {
  console.error('docs/compliance.md is out of date: run npm run docs:compliance');
  process.exitCode = 1;
}
