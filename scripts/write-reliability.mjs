// Writes docs/reliability.md from test/faults/: the rows, and what was measured for them.
// With --check it writes nothing and fails if the page is not what would be written.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { loadTypeScript } from './load-typescript.mjs';

const root = new URL('../', import.meta.url);
const page = new URL('docs/reliability.md', root);

const INTRODUCTION = `<!-- Written by scripts/write-reliability.mjs from test/faults/; do not edit. -->
# Reliability

What a network, a server, a machine or a program can do to the spans of a program, what is promised for it, the tests
that fail if the promise is broken, and what was measured, beside opentelemetry-js in the same harness.

**Lost** is a span that was ended and is neither delivered nor still waiting. No loss is quiet but those that
[the README](../README.md#use-it) lists. At every moment

\`started = live + abandoned + waiting + exported + rejected + failed + dropped (by reason) + delegated\`

holds exactly in \`stats()\`, and each test of a fault compares it with what the receiver decoded: span ids, each
counted once, those that came twice apart. The receiver may have more than \`exported\` only where an answer was lost
after its request had arrived; those tests say so.

**The harness** is a child process that makes spans at a rate and sends them to a receiver through a TCP proxy of our
own (\`test/faults/proxy.ts\`) which does one harm at a time, all on loopback; where a real server is named, it is a real
one. opentelemetry-js 2.12.1 runs the same program with its batch processor and its OTLP/HTTP exporter. Both have their
defaults, but for the size and the delay of batches, which some tests make smaller for both. A promise in milliseconds
is asserted at twice its figure, because tests share their machine; the measured one is in the table.

**To run it again**: \`npm test\` runs every quick row, \`npm run test:long\` the rows of "Long and large".
With \`SPANDREL_FIGURES=write\` a run measures opentelemetry-js too and writes what it measured to
\`test/faults/figures/\`; then \`npm run docs:reliability\` writes this page. Each figure's date, machine, load (its average
over the minute before, where noted; times of a loaded machine are too long) and command are at the end. \`test/reliability.test.ts\` holds the page: no row without tests that exist, none without the figures of
either side or the reason why there are none, in their place.`;

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');

function table(heads, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map((cells) => line(cells.map(cell)))];
}

/** A title may hold characters that Markdown reads: it is code. */
function reference(test) {
  const colon = test.indexOf(': ');
  const file = test.slice(0, colon);
  const title = test.slice(colon + 2);
  const fence = title.includes('`') ? '``' : '`';
  return `[${file.replace(/\.test\.ts$/, '')}](../test/${file}): ${fence}${title}${fence}`;
}

function measurementOf({ id }) {
  const file = new URL(`test/faults/figures/${id}.json`, root);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

const shown = (value) => (typeof value === 'number' ? value.toLocaleString('en-US') : value);

const figures = (measured = {}) =>
  Object.entries(measured)
    .map(([name, value]) => `${name}: ${shown(value)}`)
    .join('<br>');

function rowCells(row) {
  const measured = measurementOf(row);
  const ours = figures(measured?.spandrel) || row.unmeasured || '';
  const theirs = figures(measured?.upstream) || row.noUpstream || '';
  return [
    ...[row.fault, row.promise, ours, theirs],
    ...[row.tests.map(reference).join('<br>'), row.note ?? ''],
  ];
}

function render(sections) {
  const lines = [INTRODUCTION];
  for (const [title, rows] of Object.entries(sections)) {
    if (rows.length === 0) continue;
    const heads = ['fault', 'promise', 'measured', 'opentelemetry-js', 'shown by', 'note'];
    lines.push('', `## ${title}`, '', ...table(heads, rows.map(rowCells)));
  }
  const measured = Object.values(sections)
    .flat()
    .map((row) => [row, measurementOf(row)])
    .filter(([, measurement]) => measurement !== undefined)
    .map(([{ fault }, { date, machine, node, load = '', command }]) => [
      ...[fault, date, node, machine, `${load}`, `\`${command}\``],
    ]);
  lines.push('', '## When and where it was measured', '');
  lines.push(...table(['fault', 'date', 'Node', 'machine', 'load', 'command'], measured));
  return `${lines.join('\n')}\n`;
}

const text = render((await loadTypeScript('test/faults/rows.ts')).SECTIONS);
if (!process.argv.includes('--check')) {
  writeFileSync(page, text);
} else if (!existsSync(page) || readFileSync(page, 'utf8') !== text) {
  console.error('docs/reliability.md is out of date: run npm run docs:reliability');
  process.exitCode = 1;
}
