// The wrapper rows: ours, upstream by hand, and the wrappers of three vendors, each in processes of its own, in turns.
// `npm ci --prefix bench/wrappers && node bench/wrappers/main.mjs [rounds]`; nanoseconds a call, median over rounds.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const SIDES = ['bare', 'als', 'spandrel', 'upstream', 'langfuse', 'openinference', 'langsmith'];
const rounds = Number(process.argv[2] ?? 3);
const side = fileURLToPath(new URL('side.mjs', import.meta.url));

const seen = new Map();
for (let round = 0; round < rounds; round += 1) {
  for (const name of round % 2 === 0 ? SIDES : [...SIDES].reverse()) {
    const text = execFileSync(process.execPath, [side, name], { encoding: 'utf8', timeout: 120_000 });
    for (const [row, figures] of Object.entries(JSON.parse(text.trim().split('\n').at(-1)))) {
      const key = `${row} ${name}`;
      seen.set(key, [...(seen.get(key) ?? []), figures]);
    }
  }
}

const median = (list) => [...list].sort((a, b) => a - b)[list.length >> 1];
console.log(`Node ${process.versions.node}, ${rounds} rounds`);
console.log('| row | side | p50 ns | p99 ns | mean ns |\n| --- | --- | --- | --- | --- |');
for (const row of ['sync-bare', 'async-bare', 'decorated-method', 'chat-7k', 'generator-chunk']) {
  for (const name of SIDES) {
    const list = seen.get(`${row} ${name}`);
    if (list === undefined) continue;
    const [p50, p99, mean] = ['p50', 'p99', 'mean'].map((key) =>
      Math.round(median(list.map((one) => one[key]))),
    );
    console.log(`| ${row} | ${name} | ${p50} | ${p99} | ${mean} |`);
  }
}
