import type { Tracer } from '@opentelemetry/api';

/** The SDKs that can stand on a bench row: ours in its ways to run, another build of ours, and the rivals. */
export const SIDES = ['wasm', 'ts', 'plug-in', 'before', 'upstream', 'patched'] as const;
export type Side = (typeof SIDES)[number];

/** Arena mode on each engine, and plug-in mode on the wasm engine. `before` is the wasm side of another build. */
export const OURS: readonly Side[] = ['wasm', 'ts', 'plug-in'];
export const RIVALS: readonly Side[] = ['upstream', 'patched'];

/** One SDK, opened for one case, that turns ended spans into bytes inside the process. */
export interface Sdk {
  /** What encodes: `wasm` or `ts` for ours, `js` for the rivals. Printed with every row. */
  readonly engine: string;
  readonly version: string;
  readonly tracer: Tracer;
  /** Takes every ended span to bytes that could be sent, lets go of them, and returns their count. */
  drain(): number;
}

/** One SDK whose spans leave through its own OTLP/HTTP exporter. Nothing is sent before `flush()`. */
export interface ExportingSdk {
  readonly engine: string;
  readonly version: string;
  readonly tracer: Tracer;
  /** Sends every ended span in one export and settles when the receiver has answered. */
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

export interface SdkOptions {
  /** `false` gives a provider whose sampler refuses every span. */
  recording: boolean;
}

/** What an adapter file offers for each side it knows. */
export interface SdkFactory {
  open(options: SdkOptions): Sdk | Promise<Sdk>;
  openExporting(url: string): ExportingSdk | Promise<ExportingSdk>;
}

/** A side that cannot run here; the message says why and what to do. Rows print it, never hide it. */
export class SideUnavailable extends Error {
  override name = 'SideUnavailable';
}
