// The wrapper rows: ours, upstream by hand, and the wrappers of three vendors, each in processes of its own, in turns.
// `npm run bench -- wrappers [rounds] [--write]`: nanoseconds a call, the median over rounds; ratios are of the same round.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { fileURLToPath } from 'node:url';

const SIDES = ['bare', 'floor', 'spandrel', 'upstream', 'langfuse', 'openinference', 'langsmith'];
const ROWS = ['sync-bare', 'async-bare', 'decorated-method', 'short-content', 'chat-7k', 'generator-chunk'];
const OURS = 'spandrel';
const args = process.argv.slice(2);
const rounds = Number(args.find((arg) => /^\d+$/.test(arg)) ?? 5);
const pathOf = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Figures by row, side and round. */
const seen = Object.fromEntries(ROWS.map((row) => [row, {}]));
for (let round = 0; round < rounds; round += 1) {
  for (const side of round % 2 === 0 ? SIDES : [...SIDES].reverse()) {
    const text = execFileSync(process.execPath, ['--expose-gc', pathOf('side.mjs'), side], {
      encoding: 'utf8',
      timeout: 120_000,
      // Spans of the last calls are not sent: the program says so.
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    for (const [row, figures] of Object.entries(JSON.parse(text.trim().split('\n').at(-1)))) {
      seen[row][side] ??= [];
      seen[row][side].push(figures);
    }
  }
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];

/** How many times ours is faster than a side, by a figure; rounds pair what the machine did at the same time. */
function times(row, side, figure) {
  if (side === OURS) return '-';
  const ratios = seen[row][side].map((one, round) => one[figure] / seen[row][OURS][round][figure]);
  const ratio = median(ratios);
  return `${ratio.toFixed(2)} [${Math.min(...ratios).toFixed(2)} ${Math.max(...ratios).toFixed(2)}]${ratio < 1 && !['bare', 'floor'].includes(side) ? ' lost' : ''}`;
}

const lines = ROWS.flatMap((row) =>
  SIDES.filter((side) => seen[row][side] !== undefined).map((side) => {
    const [p50, p99, mean] = ['p50', 'p99', 'mean'].map((figure) =>
      Math.round(median(seen[row][side].map((one) => one[figure]))),
    );
    return `| ${row} | ${side} | ${p50} | ${p99} | ${mean} | ${times(row, side, 'p50')} | ${times(row, side, 'mean')} |`;
  }),
);

const { dependencies } = JSON.parse(readFileSync(pathOf('package.json'), 'utf8'));
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
const changed = execFileSync('git', ['status', '--porcelain'], { encoding: 'utf8' }).trim() !== '';
const page = `# Bench results: wrappers

Written by the bench; how it measures is in [README.md](../README.md#wrappers). Rows that lost stay in.

- command: \`npm run bench -- wrappers ${rounds}${args.includes('--write') ? ' --write' : ''}\`
- machine: ${cpus()[0].model.trim()}, ${availableParallelism()} cores, ${process.platform} ${process.arch}
- node ${process.version}, ${new Date().toISOString().slice(0, 10)}, commit ${commit}${changed ? '-dirty' : ''}
- rivals: ${Object.entries(dependencies)
  .map(([name, version]) => `${name} ${version}`)
  .join(', ')}

Nanoseconds a call, or a chunk of a generator of 1,000. \`x\` says how many times faster ours was, round by round.

| row | side | p50 | p99 | mean | x p50 | x mean |
| --- | --- | ---: | ---: | ---: | ---: | ---: |
${lines.join('\n')}
`;
console.log(page);
if (args.includes('--write')) writeFileSync(pathOf('results.md'), page);
