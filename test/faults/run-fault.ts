/** @module One run of the program through the proxy to the receiver, and what each of the three saw. */

import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import type { Stats } from '../../src/index.ts';
import { bundle, run } from '../helpers/api-child.ts';
import { balance } from '../helpers/balance.ts';
import type { ProgramLine, ProgramOptions } from './program.ts';
import { type Fault, FaultProxy, type ProxyOptions } from './proxy.ts';
import { type Answer, type Arrival, type CountingReceiver, startReceiver } from './receiver.ts';
import { pass } from './transfer-faults.ts';

/** What can be reached while the program runs. */
export interface Running {
  readonly proxy: FaultProxy;
  readonly receiver: CountingReceiver;
}

export interface RunOptions extends Omit<ProgramOptions, 'sdk' | 'endpoint' | 'upstream'> {
  /** Default `spandrel`. */
  readonly sdk?: ProgramOptions['sdk'];
  /** Default: none. */
  readonly fault?: Fault;
  readonly tls?: ProxyOptions['tls'];
  readonly answer?: Answer;
  /** What happens meanwhile; awaited. It begins before the program does. */
  readonly meanwhile?: (running: Running) => Promise<void>;
  /** Of the program; `OTEL_…` holds for both SDKs. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Flags of Node, such as `--expose-gc`. */
  readonly flags?: string[];
  /** The program is ended then. Default 60 000. */
  readonly deadlineMillis?: number;
}

export interface FaultResult {
  readonly sent: number;
  /** Spans that the receiver took, each once. */
  readonly received: number;
  readonly duplicates: number;
  readonly lost: number;
  /** Requests that reached the receiver whole. */
  readonly arrivals: readonly Arrival[];
  /** Connections the program began. */
  readonly attempts: number;
  /** The last one; that of upstream has no numbers. */
  readonly ledger: Stats;
  readonly end: NonNullable<ProgramLine['end']>;
  readonly lines: readonly ProgramLine[];
  readonly stderr: string;
  readonly code: number | null;
}

const UPSTREAM = fileURLToPath(new URL('../versions/sdk-2/package.json', import.meta.url));
let program: Promise<string> | undefined;

/** Runs the program once; nothing that was started is left when it resolves. */
export async function runFault(options: RunOptions): Promise<FaultResult> {
  const {
    sdk = 'spandrel',
    fault = pass,
    tls,
    answer,
    meanwhile,
    environment = {},
    flags,
    ...rest
  } = options;
  const { deadlineMillis = 60_000, ...made } = rest;
  program ??= bundle(`import { main } from './test/faults/program.ts'; await main();`);
  const receiver = await startReceiver(answer);
  const proxy = new FaultProxy({ to: receiver.port, fault, tls });
  await proxy.accept();
  try {
    const work = meanwhile?.({ proxy, receiver });
    const given: ProgramOptions = { ...made, sdk, endpoint: proxy.url, upstream: UPSTREAM };
    const child = await run(await program, {
      ...{ arguments: [JSON.stringify(given)], environment, deadlineMillis },
      ...(flags !== undefined && { flags }),
    });
    await work;
    const lines = child.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as ProgramLine);
    const last = lines.at(-1);
    if (last?.end === undefined) throw new Error(`the program ended with ${child.code}: ${child.stderr}`);
    const sent = options.spans * (options.againMillis === undefined ? 1 : 2);
    const { unique, duplicates } = receiver.spans;
    const waiting = last.ledger?.waiting ?? 0;
    return {
      ...{ sent, received: unique, duplicates, lost: sent - unique - waiting, arrivals: receiver.arrivals },
      ...{ attempts: last.end.connects, ledger: last.ledger as Stats, end: last.end, lines },
      ...{ stderr: child.stderr, code: child.code },
    };
  } finally {
    await proxy.close();
    await receiver.close();
  }
}

/** The ledger adds up, and says that the receiver has exactly what it has. */
export function expectExact({ sent, received, ledger, code }: FaultResult): void {
  expect({ code, balance: balance(ledger), started: ledger.started, exported: ledger.exported }).toEqual({
    ...{ code: 0, balance: 0, started: sent, exported: received },
  });
}

/** `expectExact`, and everything was delivered, nothing twice. */
export function expectAllOnce(result: FaultResult): void {
  expectExact(result);
  expect({ received: result.received, duplicates: result.duplicates }).toEqual({
    ...{ received: result.sent, duplicates: 0 },
  });
}
