/** @module A real OpenTelemetry Collector as a child process: OTLP/HTTP in, what it decoded out as OTLP JSON. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type ReceivedSpan, spansOf } from './received-spans.ts';

const pollMilliseconds = 20;
const startMilliseconds = 15_000;
const receiveMilliseconds = 15_000;
const stopMilliseconds = 10_000;
const BEYOND_MEBIBYTES = 4_096;

const script = fileURLToPath(new URL('../../scripts/build-collector.mjs', import.meta.url));
const binary = execFileSync(process.execPath, [script, '--path'], { encoding: 'utf8' }).trim();

/** For `requireCounterpart`: says what is missing when the Collector has not been built. */
export function probeCollector(): string | undefined {
  if (existsSync(binary)) return undefined;
  return 'Expected the Collector that `node scripts/build-collector.mjs` builds (needs Go 1.26); run that first.';
}

/** How the Collector is started. */
export interface CollectorOptions {
  /** Loopback port of its OTLP/HTTP receiver. Default: a free one. */
  port?: number;
  /** Largest request body it takes, in bytes, before decompression is counted too. Default 64 MiB. */
  maxRequestBytes?: number;
  /** Refuses data while its memory is short. Default: it has no limit of its own. */
  memoryLimiter?: MemoryLimiterOptions;
}

/** How the Collector's `memory_limiter` is set. */
export interface MemoryLimiterOptions {
  /** What it may hold before it refuses, in MiB; rubbish counts until it is collected. */
  limitMebibytes: number;
  /** Shortest time between two collections of rubbish, in milliseconds: so long at most it refuses. */
  collectionMillis: number;
}

/** A Collector that is running, or was. */
export interface Collector {
  /** Where it takes traces, path included. */
  readonly endpoint: string;
  /** Waits, 15 s at most, until it has written at least `expected` spans; then all it has written. */
  spans(expected: number): Promise<ReceivedSpan[]>;
  /** Ends the process; then everything it wrote. A second call answers the same. */
  stop(): Promise<ReceivedSpan[]>;
}

async function freePort(): Promise<number> {
  const server: Server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('expected a TCP address');
  return address.port;
}

/** It refuses from `limit_mib − spike_limit_mib` on; beyond `limit_mib` it would collect rubbish at once. */
function memoryLimiter({ limitMebibytes, collectionMillis }: MemoryLimiterOptions): object {
  const collection = `${collectionMillis}ms`;
  return {
    memory_limiter: {
      check_interval: '20ms',
      limit_mib: limitMebibytes + BEYOND_MEBIBYTES,
      spike_limit_mib: BEYOND_MEBIBYTES,
      min_gc_interval_when_soft_limited: collection,
      max_gc_interval_when_soft_limited: collection,
      max_gc_interval_when_hard_limited: '0s',
    },
  };
}

function configuration(port: number, output: string, options: CollectorOptions): string {
  const { maxRequestBytes = 64 * 1024 * 1024 } = options;
  const processors = options.memoryLimiter === undefined ? {} : memoryLimiter(options.memoryLimiter);
  return JSON.stringify({
    receivers: {
      otlp: {
        protocols: { http: { endpoint: `127.0.0.1:${port}`, max_request_body_size: maxRequestBytes } },
      },
    },
    processors,
    exporters: { file: { path: output, flush_interval: '20ms' } },
    service: {
      telemetry: { metrics: { level: 'none' }, logs: { level: 'warn' } },
      pipelines: {
        traces: { receivers: ['otlp'], processors: Object.keys(processors), exporters: ['file'] },
      },
    },
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}

const ended = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

async function waitUntil(milliseconds: number, holds: () => boolean | Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while (!(await holds())) {
    if (performance.now() > deadline) return false;
    await delay(pollMilliseconds);
  }
  return true;
}

async function end(child: ChildProcess): Promise<void> {
  if (ended(child)) return;
  child.kill('SIGTERM');
  if (await waitUntil(stopMilliseconds, () => ended(child))) return;
  child.kill('SIGKILL');
  await waitUntil(stopMilliseconds, () => ended(child));
}

/** Whole lines only: the exporter writes one request a line and the last may be on its way. */
function readLines(output: string): ReceivedSpan[] {
  const written = existsSync(output) ? readFileSync(output, 'utf8') : '';
  const whole = written.slice(0, written.lastIndexOf('\n') + 1);
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => spansOf(JSON.parse(line)));
}

/** Starts a Collector on loopback and resolves when it accepts connections. Its process dies with this one. */
export async function startCollector(options: CollectorOptions = {}): Promise<Collector> {
  const port = options.port ?? (await freePort());
  const folder = mkdtempSync(join(tmpdir(), 'spandrel-collector-'));
  const output = join(folder, 'traces.jsonl');
  const settings = join(folder, 'collector.json');
  writeFileSync(settings, configuration(port, output, options));

  const child = spawn(binary, [`--config=file:${settings}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
    // The limiter decides when rubbish is collected, so that what it refuses follows from what it was sent.
    env: { ...process.env, ...(options.memoryLimiter !== undefined && { GOGC: 'off' }) },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    log += chunk;
  });
  const killWithParent = () => child.kill('SIGKILL');
  process.once('exit', killWithParent);

  const started = await waitUntil(startMilliseconds, () => ended(child) || accepts(port));
  if (!started || ended(child)) {
    await end(child);
    process.off('exit', killWithParent);
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`expected the Collector to listen on port ${port}, it did not. Its log:\n${log}`);
  }

  let final: Promise<ReceivedSpan[]> | undefined;
  async function finish(): Promise<ReceivedSpan[]> {
    await end(child);
    process.off('exit', killWithParent);
    const spans = readLines(output);
    rmSync(folder, { recursive: true, force: true });
    return spans;
  }
  return {
    endpoint: `http://127.0.0.1:${port}/v1/traces`,
    async spans(expected) {
      let spans: ReceivedSpan[] = [];
      const arrived = await waitUntil(receiveMilliseconds, () => {
        spans = readLines(output);
        return spans.length >= expected;
      });
      if (arrived) return spans;
      throw new Error(`expected ${expected} spans at the Collector, got ${spans.length}. Its log:\n${log}`);
    },
    stop() {
      final ??= finish();
      return final;
    },
  };
}
