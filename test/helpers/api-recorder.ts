/** @module A provider whose finished spans are kept as the receiver of their bytes would see them. */

import { afterEach, beforeEach, vi } from 'vitest';
import { BatchSpanProcessor } from '../../src/api/batch-span-processor.ts';
import { SimpleSpanProcessor } from '../../src/api/simple-span-processor.ts';
import { TracerProvider, type TracerProviderOptions } from '../../src/api/tracer-provider.ts';
import type { ReadableSpan } from '../../src/api/types.ts';
import type { ArenaExporter } from '../../src/api/wire-span-processor.ts';
import type { BatchOptions } from '../../src/config/batch.ts';
import { resetDiagnostics } from '../../src/diagnostics.ts';
import type { SendResult, WireExporter } from '../../src/export/exporter.ts';
import type {
  AnyValue,
  ExportTraceServiceRequest,
  KeyValue,
  OtlpSpan,
} from '../../src/export/otlp-message.ts';
import { readExportTraceServiceRequest } from '../../src/export/otlp-reader.ts';
import { declareOwn } from '../../src/export/own-class.ts';
import { toReadableSpans } from '../../src/export/readable-span.ts';

export { balance } from './balance.ts';

export const ENGINES = ['wasm', 'ts'] as const;

const DELIVERED: SendResult = { kind: 'delivered', rejected: 0 };

/** Decodes what it is sent, in the call itself, and keeps it. */
export class WireRecorder implements ArenaExporter {
  static {
    declareOwn(WireRecorder, 'export');
  }

  readonly requests: ExportTraceServiceRequest[] = [];
  closed = 0;
  /** What `send` answers. */
  answer: () => SendResult | Promise<SendResult> = () => DELIVERED;

  wire(): WireExporter {
    return {
      send: (request) => {
        this.requests.push(readExportTraceServiceRequest(request.chunks));
        return this.answer();
      },
      close: () => {
        this.closed += 1;
      },
    };
  }

  /** Spans of each request. */
  get sizes(): number[] {
    return this.requests.map((request) => spansOf(request).length);
  }

  /** Every span in wire form, in the order received; lists keep repeated keys. */
  get spans(): OtlpSpan[] {
    return this.requests.flatMap(spansOf);
  }

  get readable(): ReadableSpan[] {
    return this.requests.flatMap(toReadableSpans);
  }

  export(): void {
    throw new Error('expected bytes, got span objects');
  }

  async shutdown(): Promise<void> {}
}

function spansOf(request: ExportTraceServiceRequest): OtlpSpan[] {
  return request.resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
}

type Options = Omit<TracerProviderOptions, 'spanProcessors'>;

/** A provider that delivers each span when it ends. */
export function record(options: Options = {}) {
  const exporter = new WireRecorder();
  const provider = new TracerProvider({ ...options, spanProcessors: [new SimpleSpanProcessor(exporter)] });
  return { exporter, provider, tracer: provider.getTracer('test') };
}

/** A provider that delivers spans in batches. */
export function recordBatches(batch: BatchOptions = {}, options: Options = {}) {
  const exporter = new WireRecorder();
  const processor = new BatchSpanProcessor(exporter, batch);
  const provider = new TracerProvider({ ...options, spanProcessors: [processor] });
  return { exporter, processor, provider, tracer: provider.getTracer('test') };
}

/** The plain value of a decoded one. Integers of the wire become numbers where they are safe. */
export function plain(value: AnyValue): unknown {
  switch (value.type) {
    case 'empty':
      return null;
    case 'int':
      return Number.isSafeInteger(Number(value.value)) ? Number(value.value) : value.value;
    case 'array':
      return value.value.map(plain);
    case 'kvlist':
      return plainAttributes(value.value);
    default:
      return value.value;
  }
}

export function plainAttributes(list: readonly KeyValue[]): Record<string, unknown> {
  const object: Record<string, unknown> = Object.create(null);
  for (const { key, value } of list) object[key] = plain(value);
  return { ...object };
}

/** The lines that reach stderr during each test of the file. Diagnostics begin afresh with every test. */
export function captureWarnings(): string[] {
  const lines: string[] = [];
  beforeEach(() => {
    lines.length = 0;
    resetDiagnostics();
    vi.spyOn(process.stderr, 'write').mockImplementation((text, ...rest) => {
      lines.push(String(text).trimEnd());
      for (const argument of rest) if (typeof argument === 'function') (argument as () => void)();
      return true;
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });
  return lines;
}
