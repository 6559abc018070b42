/**
 * `npm run bench -- wrappers [rounds] [--write]`: traced functions, ours, upstream by hand and the wrappers of three vendors,
 * each in processes of its own, in turns. Nanoseconds a call, the median over rounds; ratios are of the same round.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Page } from './page.ts';
import { ROOT } from './repository.ts';
import { median } from './statistics.ts';

const SIDES = ['bare', 'floor', 'spandrel', 'upstream', 'langfuse', 'openinference', 'langsmith'] as const;
/** What no wrapper can be faster than. */
const LIMITS: ReadonlySet<string> = new Set(['bare', 'floor']);
const ROWS = ['sync-bare', 'async-bare', 'decorated-method', 'short-content', 'chat-7k', 'generator-chunk'];
const FIGURES = ['p50', 'p99', 'mean'] as const;
const FOLDER = join(ROOT, 'bench/wrappers');

type Figures = Record<(typeof FIGURES)[number], number>;
/** Figures of a row and side, one a round. */
type Seen = Map<string, Figures[]>;

function measure(rounds: number): Seen {
  const seen: Seen = new Map();
  for (let round = 0; round < rounds; round += 1) {
    for (const side of round % 2 === 0 ? SIDES : [...SIDES].reverse()) {
      const text = execFileSync(process.execPath, ['--expose-gc', join(FOLDER, 'side.mjs'), side], {
        encoding: 'utf8',
        timeout: 120_000,
        // Spans of the last calls are not sent: the program says so.
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      const measured = JSON.parse(text.trim().split('\n').at(-1) ?? '{}') as Record<string, Figures>;
      for (const [row, figures] of Object.entries(measured)) {
        const key = `${row} ${side}`;
        seen.set(key, [...(seen.get(key) ?? []), figures]);
      }
    }
  }
  return seen;
}

/** How many times ours is faster than a side, by a figure; rounds pair what the machine did at the same time. */
function times(seen: Seen, row: string, side: string, figure: keyof Figures): string {
  const ours = seen.get(`${row} spandrel`);
  const theirs = seen.get(`${row} ${side}`);
  if (side === 'spandrel' || ours === undefined || theirs === undefined) return '-';
  const ratios = theirs.map((one, round) => one[figure] / ours[round][figure]);
  const spread = [Math.min(...ratios), Math.max(...ratios)].map((ratio) => ratio.toFixed(2)).join(' ');
  const lost = median(ratios) < 1 && !LIMITS.has(side) ? ' lost' : '';
  return `${median(ratios).toFixed(2)} [${spread}]${lost}`;
}

const rounds = Number(process.argv.find((argument) => /^\d+$/.test(argument)) ?? 5);
const seen = measure(rounds);
const page = new Page();
const { dependencies } = JSON.parse(readFileSync(join(FOLDER, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
};
page.say(`Rivals: ${Object.entries(dependencies).flat().join(' ')}.\n`);
page.say(
  'Nanoseconds a call, or a chunk of a generator of 1,000. `x` says how many times faster ours was.\n',
);
page.say('| row | side | p50 | p99 | mean | x p50 | x mean |');
page.say('| --- | --- | ---: | ---: | ---: | ---: | ---: |');
for (const row of ROWS) {
  for (const side of SIDES) {
    const measured = seen.get(`${row} ${side}`);
    if (measured === undefined) continue;
    const [p50, p99, mean] = FIGURES.map((figure) => Math.round(median(measured.map((one) => one[figure]))));
    const ratios = `${times(seen, row, side, 'p50')} | ${times(seen, row, side, 'mean')}`;
    page.say(`| ${row} | ${side} | ${p50} | ${p99} | ${mean} | ${ratios} |`);
  }
}
page.write('wrappers/results.md', 'wrappers', 'wrappers --write');
