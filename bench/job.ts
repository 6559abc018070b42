import type { Side } from './sdk.ts';

/** What a child process is told to do; it answers with one message and ends. */
export type Job = Task & {
  /** The folder of the build that is the side `before`. */
  before: string | undefined;
};

export type Task =
  | { kind: 'warm'; caseName: string; sides: Side[]; rounds: number; roundMillis: number }
  | { kind: 'cold'; caseName: string; side: Side; garbage: boolean }
  | { kind: 'export'; caseName: string; sides: Side[]; exports: number }
  | { kind: 'profile'; caseName: string; side: Side; millis: number };

/** Nanoseconds a span, except where the name says otherwise. */
export interface WarmResult {
  side: Side;
  engine: string;
  version: string;
  /** One mean a round, in order, so that rounds of two sides can be paired. */
  rounds: number[];
  batchP50: number;
  batchP99: number;
  wireBytes: number;
}

export interface ColdResult {
  side: Side;
  /** The first batch the process ever ran. */
  firstBatch: number;
  /** Heap and buffer bytes a span leaves to the collector once the code is warm; NaN if not asked for. */
  garbageBytes: number;
}

/** Both post ready-made bytes: in one write, or in slices of 256 KiB, one an event-loop turn. */
export type Control = 'control' | 'sliced control';

export interface ExportResult {
  side: Side | Control;
  engine: string;
  version: string;
  /** Milliseconds, one an export: the longest stretch in which the event loop did not turn. */
  blocks: number[];
  /** Milliseconds, one an export, from flush to answer. */
  durations: number[];
  requests: number;
  wireBytes: number;
}

export type JobAnswer =
  | { ok: true; results: WarmResult[] | ColdResult[] | ExportResult[] | []; unavailable: string[] }
  | { ok: false; error: string };
