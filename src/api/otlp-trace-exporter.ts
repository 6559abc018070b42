/** @module The OTLP exporter for traces, under upstream's name and with its constructor. */

import { warn } from '../diagnostics.ts';
import { DeferredExporter } from '../export/deferred-exporter.ts';
import type { ExportRequest, WireExporter } from '../export/exporter.ts';
import { type OtlpHttpOptions, OtlpHttpTransport } from '../export/otlp-http.ts';
import { type OTLPTraceExporterOptions, resolveOtlpTraceOptions } from '../export/otlp-trace-options.ts';
import { declareOwn } from '../export/own-class.ts';
import { sendWithRetries } from '../export/send-with-retries.ts';
import { messageOf } from './attributes.ts';
import { type DirectExport, DirectExports } from './direct-exports.ts';
import { nameExporter } from './exporter-names.ts';
import { declareExporter } from './measured-exporters.ts';
import { encodeRequest } from './request-encoder.ts';
import { type ExportResult, ExportResultCode, type ReadableSpan, type SpanExporter } from './types.ts';

/**
 * Sends spans by OTLP/HTTP in protobuf form (OpenTelemetry specification, "OpenTelemetry Protocol Exporter").
 *
 * Under this package's processors it carries the bytes they hold, see {@link OTLPTraceExporter.wire}; under
 * another SDK's, `export` encodes the spans it gets.
 */
export class OTLPTraceExporter implements SpanExporter {
  // Hard-private, as all that follows: inspect() must not show the headers.
  readonly #options: OtlpHttpOptions;
  readonly #pending = new Set<Promise<void>>();
  #transport: OtlpHttpTransport | undefined;
  readonly #exports = new DirectExports();
  #stopped = false;

  /**
   * @param options - see {@link OTLPTraceExporterOptions}; what is left out comes from `OTEL_EXPORTER_OTLP_*`.
   * @throws {EndpointError} when `url` is no `http:` or `https:` URL.
   * @throws {TlsFileError} when a configured certificate or key cannot be used.
   */
  constructor(options: OTLPTraceExporterOptions = {}) {
    this.#options = resolveOtlpTraceOptions(options ?? {});
    const { endpoint, protocol } = this.#options;
    nameExporter(this, endpoint.display);
    declareExporter(this, {
      type: protocol === 'http/json' ? 'otlp_http_json_span_exporter' : 'otlp_http_span_exporter',
      destination: { 'server.address': endpoint.hostname, 'server.port': endpoint.port },
      meterProvider: options?.selfObsMeterProvider,
    });
  }

  /** Takes spans as OTLP bytes. Each call makes a transport of its own; whoever calls closes it. */
  wire(): WireExporter {
    return new DeferredExporter(() => new OtlpHttpTransport(this.#options));
  }

  /**
   * Takes spans of any SDK and encodes them at once. `resultCallback` is called exactly once, when the answer is final:
   * with an error when spans were refused, could not be read, or found no room in the arena.
   */
  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void {
    const done = this.#exportSpans(spans)
      .then(
        () => resultCallback({ code: ExportResultCode.SUCCESS }),
        (error: Error) => resultCallback({ code: ExportResultCode.FAILED, error }),
      )
      .catch((error: unknown) => {
        warn('export-callback', `the callback given to OTLPTraceExporter.export threw: ${messageOf(error)}`);
      })
      .finally(() => this.#pending.delete(done));
    this.#pending.add(done);
  }

  /** Resolves when every `export` so far has called back. */
  async forceFlush(): Promise<void> {
    await Promise.allSettled(this.#pending);
  }

  /** Waits for every `export` so far, then closes the connections; later exports fail. */
  async shutdown(): Promise<void> {
    this.#stopped = true;
    await this.forceFlush();
    this.#exports.isClosed = true;
    this.#transport?.close();
  }

  async #exportSpans(spans: readonly ReadableSpan[]): Promise<void> {
    const operation = this.#exports.begin(this, spans.length);
    try {
      await this.#sendSpans(spans, operation);
    } finally {
      operation.end();
    }
  }

  async #sendSpans(spans: readonly ReadableSpan[], operation: DirectExport): Promise<void> {
    if (this.#stopped) {
      operation.lost(spans.length, 'already_shutdown');
      throw new Error('OTLPTraceExporter: expected spans before shutdown(), got them after; not sent.');
    }
    const request = encodeRequest(spans);
    const { spanCount, dropped } = request;
    for (const [reason, count] of Object.entries(dropped)) operation.lost(count, reason);
    if (spanCount > 0) await this.#send(request, operation);
    if (spanCount === spans.length) return;
    const reasons = Object.entries(dropped).map(([reason, count]) => `${count} ${reason}`);
    throw new Error(`OTLPTraceExporter: ${spans.length - spanCount} spans are lost: ${reasons.join(', ')}`);
  }

  async #send(request: ExportRequest, operation: DirectExport): Promise<void> {
    // Its caller, another SDK's processor, waits for the answer, so an attempt keeps the process alive.
    this.#transport ??= new OtlpHttpTransport({ ...this.#options, holdsProcess: true });
    const result = await sendWithRetries(this.#transport, request);
    operation.answered(request.spanCount, result);
    if (result.kind !== 'delivered') throw new Error(`OTLPTraceExporter: ${result.reason}`);
    if (result.rejected > 0) {
      const said = result.message === undefined ? '' : `: ${result.message}`;
      throw new Error(`OTLPTraceExporter: the receiver rejected ${result.rejected} spans${said}`);
    }
  }
}

declareOwn(OTLPTraceExporter, 'export');
