/** What our two span processors share: they bring finished spans to an exporter, as bytes or as objects. */
import type { Context, MeterProvider } from '@opentelemetry/api';
import { resolveEngineOptions } from '../config/engine.ts';
import { warnOnce } from '../diagnostics.ts';
import type { Arena } from '../engine/arena.ts';
import { openArena } from '../engine/select.ts';
import type { WireExporter } from '../export/exporter.ts';
import { isOwn } from '../export/own-class.ts';
import type { Pipe } from '../export/pipe.ts';
import type { PipeFlush } from '../export/pipe-options.ts';
import type { SpanCursor } from '../export/span-cursor.ts';
import { messageOf } from './attributes.ts';
import { EncodedObjectExport } from './encoded-object-export.ts';
import { ExporterCalls } from './exporter-calls.ts';
import { exporterName } from './exporter-names.ts';
import { nameOf } from './guarded-call.ts';
import { countsItself, exporterMetrics } from './measured-exporters.ts';
import type { ObjectExport, ObjectExportOptions, ObjectSchedule } from './object-export.ts';
import { type DropCounts, ProcessorMetrics } from './processor-metrics.ts';
import { sdkMetrics } from './sdk-metrics.ts';
import type { ReadableSpan, SpanExporter, SpanProcessor } from './types.ts';

/** One of our exporters: it takes OTLP bytes as well as span objects. */
export interface ArenaExporter extends SpanExporter {
  wire(): WireExporter;
  /** Where spans are objects anyway, it takes them as such: its own work would be to decode the bytes. */
  readonly prefersObjects?: boolean;
}

/** The exporter out of either form of a constructor's first argument. */
export function exporterOf(argument: SpanExporter | { exporter: SpanExporter }): SpanExporter {
  const isOptions = typeof argument === 'object' && argument !== null && 'exporter' in argument;
  return isOptions ? argument.exporter : (argument as SpanExporter);
}

/** A processor at work for one provider in arena mode. */
export interface Connection {
  readonly pipe: Pipe;
  readonly source: SpanCursor;
  /** Finished spans that may wait. */
  readonly maxQueueSize: number;
  /** Spans in one request. */
  readonly maxExportBatchSize: number;
  /** Whether `notify` must be called for every span, and not only when a piece was opened. */
  readonly notifyEach: boolean;
  readonly notify: () => void;
}

const DEFAULT_MILLIS = 30_000;

export abstract class WireSpanProcessor implements SpanProcessor {
  /** @internal */
  readonly exporter: SpanExporter;
  private readonly connections: Connection[] = [];
  private arena: Arena | undefined;
  private objects: ObjectExport | undefined;
  private isStopped = false;
  private metrics: ProcessorMetrics | undefined;

  /** @param meterProvider - gets metrics of this processor, whatever the tracer provider has. */
  constructor(exporter: SpanExporter, meterProvider?: MeterProvider) {
    this.exporter = exporter;
    this.measureIn(meterProvider);
    if (typeof exporter?.export === 'function') return;
    warnOnce('no-exporter', `${new.target.name}: expected a span exporter, got none; its spans are lost.`);
  }

  /** Starts to work for a provider in arena mode. @internal */
  abstract connect(cursor: SpanCursor): Connection;

  /** Semantic Conventions, `otel.component.type`. */
  protected get componentType(): string {
    return nameOf(this);
  }

  /** Whether metrics tell how many spans wait. */
  protected get hasQueue(): boolean {
    return false;
  }

  /** When span objects leave. */
  protected abstract get objectSchedule(): ObjectSchedule;

  protected connected(connection: Connection): Connection {
    this.connections.push(connection);
    return connection;
  }

  private measureIn(meterProvider: MeterProvider | undefined): void {
    if (meterProvider === undefined) return;
    const sdk = sdkMetrics(meterProvider);
    if (sdk !== null) this.metrics ??= new ProcessorMetrics(sdk, this.componentType, this.hasQueue);
  }

  /** The tracer provider's; the processor and its exporter use it unless they have one of their own. @internal */
  observeWith(meterProvider: MeterProvider | undefined): void {
    this.measureIn(meterProvider);
    if (typeof this.exporter?.export === 'function') exporterMetrics(this.exporter, meterProvider);
  }

  /** Tells metrics of a connection. @internal */
  observe({ pipe, maxQueueSize }: Connection, dropped: DropCounts): void {
    this.metrics?.watch(pipe, dropped, maxQueueSize);
    exporterMetrics(this.exporter)?.watch(pipe);
  }

  /** For the pipes of this processor. */
  protected get onOperation(): ObjectExportOptions['onOperation'] {
    return exporterMetrics(this.exporter)?.onOperation;
  }

  /** Encodes span objects in this arena, that of the provider. Default: the arena of the thread. @internal */
  encodeIn(arena: Arena): void {
    this.arena = arena;
  }

  /** Does nothing: a span is of interest when it has ended. */
  onStart(_span: unknown, _parentContext: Context): void {}

  /**
   * Takes a finished span of any SDK. It is read when it is exported, so that what others write to it meanwhile
   * reaches the wire. Never throws. (A provider in arena mode does not call this: its spans are bytes.)
   */
  onEnd(span: ReadableSpan): void {
    this.objectExport()?.add(span);
  }

  /** Sends what has finished. Resolves when it was answered, or after 30 s; never rejects. */
  async forceFlush(): Promise<void> {
    await this.flush(DEFAULT_MILLIS);
  }

  /** Flushes and stops. Never rejects. */
  async shutdown(): Promise<void> {
    await this.stop(DEFAULT_MILLIS);
  }

  /** As `forceFlush`, and says what became of span objects; `isLast` as in `Pipe.flush`. @internal */
  async flush(millis: number, isLast = false): Promise<PipeFlush | undefined> {
    await Promise.all(this.connections.map(({ pipe }) => pipe.flush(millis, isLast)));
    return this.objects?.flush(millis, isLast);
  }

  /** As `shutdown`. @internal */
  async stop(millis: number): Promise<void> {
    this.isStopped = true;
    await Promise.all(this.connections.map(({ pipe }) => pipe.shutdown(millis)));
    // An exporter that never got a span is shut down as well.
    if (this.connections.length === 0) await this.objectExport()?.shutdown(millis);
  }

  /** Where span objects are; `undefined` before the first. @internal */
  get objectState(): ObjectExport | undefined {
    return this.objects;
  }

  private objectExport(): ObjectExport | undefined {
    if (this.objects !== undefined || typeof this.exporter?.export !== 'function') return this.objects;
    try {
      this.objects = this.openObjectExport();
    } catch (error) {
      warnOnce('object-export', `spans cannot be exported: ${messageOf(error)}.`);
    }
    return this.objects;
  }

  private openObjectExport(): ObjectExport {
    const { exporter, objectSchedule } = this;
    // Once stopped, nothing will be encoded any more: no arena for that.
    const takesObjects = !takesBytes(exporter) || exporter.prefersObjects || this.isStopped;
    const measured = takesObjects && countsItself(exporter) ? undefined : exporterMetrics(exporter);
    const maxQueueBytes = this.arena?.engine.bytes.length ?? resolveEngineOptions({}).arenaBytes;
    const name = exporterName(exporter);
    const options = { ...objectSchedule, maxQueueBytes, onOperation: measured?.onOperation, name };
    const objects = takesObjects
      ? new ExporterCalls(exporter, options)
      : new EncodedObjectExport(this.arena ?? openArena(resolveEngineOptions({})), exporter.wire(), options);
    this.metrics?.watch(objects, objects.dropped, objects.capacity);
    measured?.watch(objects);
    return objects;
  }
}

/** Whether an exporter is exactly one of ours, so that bytes may go past its `export`. */
export function takesBytes(exporter: SpanExporter): exporter is ArenaExporter {
  return isOwn(exporter);
}

/** Whether a processor and its exporter are exactly ours, so that spans may be bytes from their end on. */
export function isArenaProcessor(processor: SpanProcessor): processor is WireSpanProcessor {
  return processor instanceof WireSpanProcessor && isOwn(processor) && takesBytes(processor.exporter);
}
