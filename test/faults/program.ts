/**
 * @module The program that faults are done to, in a process of its own: makes spans at a rate with one SDK or the
 * other, and prints what it knows as lines of JSON. Its one argument is a {@link ProgramOptions} in JSON.
 */

import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Stats } from '../../src/index.ts';
import { type Sdk, startSdk } from './program-sdks.ts';

export interface ProgramOptions {
  readonly sdk: 'spandrel' | 'upstream';
  /** Base URL of the receiver. */
  readonly endpoint: string;
  readonly spans: number;
  /** Spans a second; without it all are made in one turn of the event loop. */
  readonly rate?: number;
  /** Of the text attribute of each span. Default: none. */
  readonly bytes?: number;
  /** The last span has a text of so many bytes instead. */
  readonly lastBytes?: number;
  /** A further time, this long after the first. */
  readonly againMillis?: number;
  /** How long after the last span the flush is asked for. Default 0. */
  readonly pauseMillis?: number;
  /** The flush is asked for when the SDK has noted an error, of those that note one. */
  readonly flushAfterError?: boolean;
  /** How many flushes are asked for, together, when the spans are made. Default 1. */
  readonly flushes?: number;
  /** How long each may take. Default 10 000. */
  readonly flushMillis?: number;
  /** How long after the flush to wait for what still waits. Default 0. */
  readonly settleMillis?: number;
  /** End by shutdown, which may take so long. Default: no shutdown. */
  readonly shutdownMillis?: number;
  /** Print the ledger each time this passed. Default: never. */
  readonly ledgerMillis?: number;
  /** Options of `init`. */
  readonly init?: Readonly<Record<string, unknown>>;
  /** The package.json beside the installed upstream. */
  readonly upstream: string;
}

interface Timed {
  readonly millis: number;
  /** When it resolved, in milliseconds since the epoch. */
  readonly at: number;
  readonly result: unknown;
}

/** A line of the program's output; the last one has the `end` members. */
export interface ProgramLine {
  /** Since the first span. */
  readonly millis: number;
  /** Absent for upstream, which keeps none. */
  readonly ledger: Stats | undefined;
  readonly rss: number;
  /** After a collection, when the program may ask for one. */
  readonly heap: number;
  readonly end?: {
    /** Until the last span was made. */
    readonly madeMillis: number;
    readonly flushes: readonly Timed[];
    readonly shutdownMillis: number | undefined;
    /** Connections begun, refused ones included. */
    readonly connects: number;
    /** Most bytes read from one of them. */
    readonly bytesRead: number;
    /** How long the first was open; 0 if it still is. */
    readonly firstOpenMillis: number;
    readonly peakRss: number;
    readonly rssBefore: number;
    readonly cpuMillis: number;
  };
}

const options = JSON.parse(process.argv[2]) as ProgramOptions;
const sockets: Socket[] = [];
let connects = 0;
let firstOpenMillis = 0;
subscribe('net.client.socket', (message) => {
  const { socket } = message as { socket: Socket };
  connects += 1;
  if (connects === 1) {
    const began = performance.now();
    socket.once('close', () => {
      firstOpenMillis = performance.now() - began;
    });
  }
  sockets.push(socket);
  // What was read stays readable; an hour of connections does not stay in memory.
  if (sockets.length > 100) sockets.shift();
});
const sdk = startSdk(options);
const rssBefore = process.memoryUsage.rss();
const start = performance.now();

function print(end?: ProgramLine['end']): void {
  const line: ProgramLine = {
    millis: performance.now() - start,
    ledger: sdk.ledger(),
    rss: process.memoryUsage.rss(),
    heap: heapAfterCollection(),
    ...(end !== undefined && { end }),
  };
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function heapAfterCollection(): number {
  (globalThis as { gc?: () => void }).gc?.();
  return process.memoryUsage().heapUsed;
}

/** What has the given number of characters; a fresh string, as a model's answer would be. */
function textOf(length: number, index: number): string {
  const unit = `${index} `;
  return unit.repeat(Math.ceil(length / unit.length)).slice(0, length);
}

function makeSpan({ tracer }: Sdk, index: number): void {
  const { bytes = 0, lastBytes, spans } = options;
  const length = lastBytes !== undefined && index % spans === spans - 1 ? lastBytes : bytes;
  const span = tracer.startSpan('work', { attributes: { index } });
  if (length > 0) span.setAttribute('text', textOf(length, index));
  span.end();
}

/** The yielding program never makes more in a turn than is due. */
async function makeSpans(from: number): Promise<void> {
  const { spans, rate } = options;
  if (rate === undefined) {
    for (let index = 0; index < spans; index += 1) makeSpan(sdk, from + index);
    return;
  }
  const began = performance.now();
  for (let made = 0; made < spans; ) {
    const due = Math.min(spans, 1 + Math.floor(((performance.now() - began) * rate) / 1_000));
    for (; made < due; made += 1) makeSpan(sdk, from + made);
    if (made < spans) await delay(Math.max(2, (made * 1_000) / rate - (performance.now() - began)));
  }
}

async function timed(run: () => Promise<unknown>): Promise<Timed> {
  const began = performance.now();
  const result = await run();
  const now = performance.now();
  return { millis: now - began, at: performance.timeOrigin + now, result };
}

async function settle(millis: number): Promise<void> {
  const until = performance.now() + millis;
  while (performance.now() < until && (sdk.ledger()?.waiting ?? 1) > 0) await delay(20);
}

/** Runs it. */
export async function main(): Promise<void> {
  const { againMillis, flushes = 1, flushMillis = 10_000, shutdownMillis, ledgerMillis } = options;
  const timer = ledgerMillis === undefined ? undefined : setInterval(print, ledgerMillis);
  await makeSpans(0);
  if (againMillis !== undefined) {
    await delay(againMillis);
    await makeSpans(options.spans);
  }
  const madeMillis = performance.now() - start;
  if (options.pauseMillis !== undefined) await delay(options.pauseMillis);
  if (options.flushAfterError) while (sdk.ledger()?.lastError === undefined) await delay(5);
  const asked = Array.from({ length: flushes }, () => timed(() => sdk.flush(flushMillis)));
  const flushed = await Promise.all(asked);
  await settle(options.settleMillis ?? 0);
  const stopped = shutdownMillis === undefined ? undefined : await timed(() => sdk.shutdown(shutdownMillis));
  clearInterval(timer);
  const { user, system } = process.cpuUsage();
  print({
    ...{
      madeMillis,
      flushes: flushed,
      shutdownMillis: stopped?.millis,
      connects,
      rssBefore,
      firstOpenMillis,
    },
    bytesRead: Math.max(0, ...sockets.map((socket) => socket.bytesRead)),
    peakRss: process.resourceUsage().maxRSS * 1_024,
    cpuMillis: (user + system) / 1_000,
  });
}
