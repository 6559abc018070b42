/**
 * What loading and starting costs a program that has loaded `@opentelemetry/api`: time and resident memory, in fresh
 * processes, all sides in turn. Not a row of the corpus: there is one start a process, and no span.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Page } from './page.ts';
import { ROOT } from './repository.ts';
import { median, pairedRatio } from './statistics.ts';

const ROUNDS = 25;
const MEBIBYTE = 1_048_576;
/** What the start of this package may cost beyond the API, on a quiet machine with Node 20. */
const TARGET = '15 ms, 4 MiB';
/** Of what the same start costs upstream in the same rounds: a ratio holds on a busy machine too. */
const MOST_OF_UPSTREAM = { millis: 0.4, mebibytes: 0.6 };

const RIVALS = pathToFileURL(join(ROOT, 'bench/rivals/')).href;

/** Programs by side: what runs between the two readings, in an ES module. */
const SIDES: Readonly<Record<string, string>> = {
  api: '',
  'spandrel, import': "const { init } = await import('spandrel'); init();",
  'spandrel, require': "const { init } = require('spandrel'); init();",
  'spandrel, no init': "await import('spandrel');",
  register: "await import('spandrel/register');",
  upstream: `
    const from = createRequire('${RIVALS}');
    const { BasicTracerProvider, BatchSpanProcessor } = from('@opentelemetry/sdk-trace-base');
    const { OTLPTraceExporter } = from('@opentelemetry/exporter-trace-otlp-proto');
    const { AsyncLocalStorageContextManager } = from('@opentelemetry/context-async-hooks');
    const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
    trace.setGlobalTracerProvider(provider);
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());`,
};

interface Reading {
  readonly millis: number;
  /** Of all threads of the process. */
  readonly cpuMillis: number;
  readonly mebibytes: number;
}

const folder = join(ROOT, 'build/bench/startup');

function program(name: string, body: string): string {
  const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.mjs`);
  writeFileSync(
    file,
    `import { createRequire } from 'node:module';
import { context, trace } from '@opentelemetry/api';
const require = createRequire(import.meta.url);
const cpu = process.cpuUsage();
const start = performance.now();
${body}
const millis = performance.now() - start;
const { user, system } = process.cpuUsage(cpu);
const cpuMillis = (user + system) / 1000;
process.stdout.write(JSON.stringify({ millis, cpuMillis, bytes: process.memoryUsage.rss() }), () => process.reallyExit(0));
`,
  );
  return file;
}

function measure(file: string): Reading {
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { cwd: ROOT, encoding: 'utf8' });
  if (status !== 0) throw new Error(`expected a start, got exit code ${status}: ${stderr}`);
  const { bytes, ...times } = JSON.parse(stdout) as Reading & { bytes: number };
  return { ...times, mebibytes: bytes / MEBIBYTE };
}

mkdirSync(folder, { recursive: true });
const programs = Object.entries(SIDES).map(([name, body]) => ({ name, file: program(name, body) }));
const readings = new Map<string, Reading[]>(programs.map(({ name }) => [name, []]));
for (let round = 0; round < ROUNDS; round += 1) {
  for (const { name, file } of programs) readings.get(name)?.push(measure(file));
}

/** Above the program of the same round that loads the API alone. */
function above(name: string, of: (reading: Reading) => number): number[] {
  const base = readings.get('api') ?? [];
  return (readings.get(name) ?? []).map((reading, round) => of(reading) - of(base[round]));
}

const rows = programs
  .filter(({ name }) => name !== 'api')
  .map(({ name }) => {
    const millis = above(name, (reading) => reading.millis);
    const cpuMillis = median(above(name, (reading) => reading.cpuMillis));
    const mebibytes = above(name, (reading) => reading.mebibytes);
    const total = median((readings.get(name) ?? []).map((reading) => reading.mebibytes));
    return {
      name,
      millis: median(millis),
      cpuMillis,
      least: Math.min(...millis),
      mebibytes: median(mebibytes),
      total,
    };
  });

const page = new Page();
page.say(`Median of ${ROUNDS} processes a side, beyond @opentelemetry/api alone.\n`);
page.say(
  '| start of | ms | CPU ms | least ms | MiB | MiB in all |\n| --- | ---: | ---: | ---: | ---: | ---: |',
);
for (const { name, millis, cpuMillis, least, mebibytes, total } of rows) {
  page.say(
    `| ${name} | ${millis.toFixed(1)} | ${cpuMillis.toFixed(1)} | ${least.toFixed(1)} | ${mebibytes.toFixed(1)} | ${total.toFixed(1)} |`,
  );
}

/** The part of upstream's cost that ours is. */
function partOf(of: (reading: Reading) => number): number {
  return 1 / pairedRatio(above('upstream', of), above('spandrel, import', of));
}

const parts = {
  millis: partOf((reading) => reading.millis),
  mebibytes: partOf((reading) => reading.mebibytes),
};
page.say(
  `\nOf upstream's: ${parts.millis.toFixed(2)} of the time, ${parts.mebibytes.toFixed(2)} of the memory.`,
);
page.say(`Meant for a quiet machine: ${TARGET}.`);
page.write('results-startup.md', 'start', 'startup --write');
for (const [what, most] of Object.entries(MOST_OF_UPSTREAM)) {
  const part = parts[what as keyof typeof parts];
  if (part <= most) continue;
  console.error(`start, ${what}: expected at most ${most} of upstream's, got ${part.toFixed(2)}`);
  process.exitCode = 1;
}
