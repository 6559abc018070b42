import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, type ClientRequest, request } from 'node:http';
import { join } from 'node:path';
import type { ExportCase } from './corpus.ts';
import type { Control, ExportResult } from './job.ts';
import { collectGarbage, inTurn } from './measure.ts';
import { ROOT } from './repository.ts';
import type { ExportingSdk, Side } from './sdk.ts';
import { BATCH_SPANS } from './values.ts';

/** One side of an export row. */
export interface Sender {
  side: Side | Control;
  engine: string;
  version: string;
  fill(): void;
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Exports of each sender before the first one that counts. */
const WARM_UP_EXPORTS = 10;

export class Receiver {
  readonly url: string;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.child = child;
    this.url = `http://127.0.0.1:${port}/v1/traces`;
  }

  static async start(): Promise<Receiver> {
    const child = fork(join(ROOT, 'bench/receiver.mjs'), [], { execArgv: [] });
    const [{ port }] = await once(child, 'message');
    return new Receiver(child, port);
  }

  /** Requests and body bytes received since the last call. */
  async take(): Promise<{ requests: number; bytes: number }> {
    const answer = once(this.child, 'message');
    this.child.send('take');
    const [counts] = await answer;
    return counts;
  }

  stop(): void {
    this.child.disconnect();
  }
}

export function senderOf(side: Side, sdk: ExportingSdk, benchCase: ExportCase): Sender {
  const { engine, version } = sdk;
  return {
    side,
    engine,
    version,
    fill: () => benchCase.fill(sdk.tracer),
    flush: () => sdk.flush(),
    shutdown: () => sdk.shutdown(),
  };
}

/** Exports of all senders in one process, in turn; the controls post as many bytes as the first sender did. */
export async function measureExports(
  senders: Sender[],
  receiver: Receiver,
  exports: number,
): Promise<ExportResult[]> {
  const results = new Map<Sender, ExportResult>();
  const sample = await warmUp(senders[0], receiver);
  const body = Buffer.alloc(sample.bytes, 0x61);
  const controls = [
    postControl(receiver.url, 'control', body, body.length),
    postControl(receiver.url, 'sliced control', body, SLICE_BYTES),
  ];
  const all = [...controls, ...senders];
  for (const sender of all) if (sender !== senders[0]) await warmUp(sender, receiver);
  for (const { side, engine, version } of all) {
    const empty = { side, engine, version, blocks: [], durations: [], requests: 0, wireBytes: 0 };
    results.set(all[results.size], empty);
  }
  for (let turn = 0; turn < exports; turn++) {
    for (const sender of inTurn(all, turn)) {
      const { block, duration, requests, bytes } = await exportOnce(sender, receiver);
      const result = results.get(sender) as ExportResult;
      result.blocks.push(block);
      result.durations.push(duration);
      result.requests += requests / exports;
      result.wireBytes += bytes / exports / BATCH_SPANS;
    }
  }
  await Promise.all(all.map((sender) => sender.shutdown()));
  return [...results.values()];
}

async function warmUp(sender: Sender, receiver: Receiver): Promise<{ bytes: number }> {
  let last = { bytes: 0 };
  for (let turn = 0; turn < WARM_UP_EXPORTS; turn++) last = await exportOnce(sender, receiver);
  return last;
}

async function exportOnce(sender: Sender, receiver: Receiver) {
  sender.fill();
  collectGarbage();
  const { block, duration } = await longestBlock(() => sender.flush());
  const { requests, bytes } = await receiver.take();
  if (requests === 0)
    throw new Error(`expected the export of ${sender.side} to reach the receiver, nothing came`);
  return { block, duration, requests, bytes };
}

/** Turns between the call and the start of the action. */
const SETTLING_TURNS = 20;

/**
 * Milliseconds of the longest stretch between two turns of the event loop, from the call until the turn after
 * `action` settled, and how long `action` took. The loop never sleeps meanwhile: `setImmediate` makes it poll and go
 * on. The turns before the action count: what a sender began by itself, because much waits, blocks there.
 */
export function longestBlock(action: () => Promise<void>): Promise<{ block: number; duration: number }> {
  return new Promise((resolve, reject) => {
    let turns = 0;
    let started = 0;
    let last = performance.now();
    let block = 0;
    let settled = false;
    const turn = (): void => {
      const now = performance.now();
      block = Math.max(block, now - last);
      last = now;
      if (settled) {
        resolve({ block, duration: now - started });
        return;
      }
      setImmediate(turn);
      if (++turns !== SETTLING_TURNS) return;
      started = now;
      action().then(() => {
        settled = true;
      }, reject);
    };
    setImmediate(turn);
  });
}

/** What a sender that keeps its turns short hands to the socket at once. */
const SLICE_BYTES = 256 * 1024;

/** Posts the same number of bytes from one ready buffer over a kept-alive connection. */
function postControl(url: string, side: Control, body: Buffer, sliceBytes: number): Sender {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const headers = { 'content-type': 'application/x-protobuf', 'content-length': body.length };
  return {
    side,
    engine: '-',
    version: `node:http ${process.version}`,
    fill() {},
    flush: () =>
      new Promise((resolve, reject) => {
        const outgoing = request(url, { method: 'POST', agent, headers }, (response) => {
          response.resume();
          response.on('end', resolve);
        });
        outgoing.on('error', reject);
        writeSlices(outgoing, body, sliceBytes);
      }),
    shutdown: async () => agent.destroy(),
  };
}

function writeSlices(outgoing: ClientRequest, body: Buffer, sliceBytes: number, from = 0): void {
  const slice = body.subarray(from, from + sliceBytes);
  if (from + sliceBytes >= body.length) {
    outgoing.end(slice);
    return;
  }
  // A write that the socket took at once drains in the same turn, so the turn has to be ended on purpose.
  const next = (): void => void setImmediate(writeSlices, outgoing, body, sliceBytes, from + sliceBytes);
  if (outgoing.write(slice)) next();
  else outgoing.once('drain', next);
}
