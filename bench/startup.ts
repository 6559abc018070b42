/**
 * What loading and starting costs a program that has loaded `@opentelemetry/api`: time and resident memory, in fresh
 * processes, all sides in turn. Not a row of the corpus: there is one start a process, and no span.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './repository.ts';
import { median, percentile } from './statistics.ts';

const ROUNDS = 25;
const MEBIBYTE = 1_048_576;
/** What the start of this package may cost beyond the API, on Node 20. */
const MOST_MILLIS = 15;
const MOST_MEBIBYTES = 4;

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
      slow: percentile(millis, 0.9),
      mebibytes: median(mebibytes),
      total,
    };
  });

console.log(
  `Node ${process.version}, median of ${ROUNDS} processes a side, beyond @opentelemetry/api alone\n`,
);
console.log(
  '| start of | ms | CPU ms | p90 ms | MiB | MiB in all |\n| --- | ---: | ---: | ---: | ---: | ---: |',
);
for (const { name, millis, cpuMillis, slow, mebibytes, total } of rows) {
  console.log(
    `| ${name} | ${millis.toFixed(1)} | ${cpuMillis.toFixed(1)} | ${slow.toFixed(1)} | ${mebibytes.toFixed(1)} | ${total.toFixed(1)} |`,
  );
}

const over = rows.filter(
  ({ name, millis, mebibytes }) =>
    name.startsWith('spandrel') && (millis > MOST_MILLIS || mebibytes > MOST_MEBIBYTES),
);
for (const { name } of over) console.error(`${name}: over ${MOST_MILLIS} ms or ${MOST_MEBIBYTES} MiB`);
if (over.length > 0) process.exitCode = 1;
