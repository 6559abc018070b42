/** @module The OTLP exporter for traces, under upstream's name and with its constructor. */

import { type ExportResult, ExportResultCode, type ReadableSpan, type SpanExporter } from '../api/types.ts';
import { warn } from '../diagnostics.ts';
import type { ExportRequest, WireExporter } from './exporter.ts';
import { type OtlpHttpOptions, OtlpHttpTransport } from './otlp-http.ts';
import { type OTLPTraceExporterOptions, resolveOtlpTraceOptions } from './otlp-trace-options.ts';
import { sendWithRetries } from './send-with-retries.ts';

/** Encodes spans of any SDK as one request. @internal */
export type SpanEncoder = (spans: readonly ReadableSpan[]) => ExportRequest;

let encodeSpans: SpanEncoder | undefined;

/** Supplies what `OTLPTraceExporter.export` encodes with; this module does not know the encoder. @internal */
export function supplySpanEncoder(encoder: SpanEncoder | undefined): void {
  encodeSpans = encoder;
}

/**
 * Sends spans by OTLP/HTTP in protobuf form (OpenTelemetry specification, "OpenTelemetry Protocol Exporter").
 *
 * Under this package's processors it carries the bytes they hold, see {@link OTLPTraceExporter.wire}. Under
 * another SDK's, span objects are refused in this version: `export` reports a failure that says so.
 */
export class OTLPTraceExporter implements SpanExporter {
  // Hard-private, as all that follows: inspect() must not show the headers.
  readonly #options: OtlpHttpOptions;
  readonly #pending = new Set<Promise<void>>();
  #transport: OtlpHttpTransport | undefined;
  #stopped = false;

  /**
   * @param options - see {@link OTLPTraceExporterOptions}; what is left out comes from `OTEL_EXPORTER_OTLP_*`.
   * @throws {EndpointError} when the endpoint is no `http:` or `https:` URL.
   * @throws {TlsFileError} when a configured certificate or key cannot be used.
   */
  constructor(options: OTLPTraceExporterOptions = {}) {
    this.#options = resolveOtlpTraceOptions(options ?? {});
  }

  /** Takes spans as OTLP bytes. Each call makes a transport of its own; whoever calls closes it. */
  wire(): WireExporter {
    return new OtlpHttpTransport(this.#options);
  }

  /** Takes spans as objects. `resultCallback` is called exactly once. */
  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void {
    const done = this.#sendSpans(spans)
      .then(
        () => resultCallback({ code: ExportResultCode.SUCCESS }),
        (error: Error) => resultCallback({ code: ExportResultCode.FAILED, error }),
      )
      .catch((error: unknown) => {
        warn('export-callback', `the callback given to OTLPTraceExporter.export threw ${String(error)}`);
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
    this.#transport?.close();
  }

  async #sendSpans(spans: readonly ReadableSpan[]): Promise<void> {
    if (this.#stopped) {
      throw new Error('OTLPTraceExporter: expected spans before shutdown(), got them after; not sent.');
    }
    if (encodeSpans === undefined) {
      throw new Error(
        'OTLPTraceExporter: expected spans from a processor of this package, got span objects, which need an ' +
          'encoder that is not loaded. Use BatchSpanProcessor or SimpleSpanProcessor of this package.',
      );
    }
    // Its caller, another SDK's processor, waits for the answer, so an attempt keeps the process alive.
    this.#transport ??= new OtlpHttpTransport({ ...this.#options, holdsProcess: true });
    const result = await sendWithRetries(this.#transport, encodeSpans(spans));
    if (result.kind !== 'delivered') throw new Error(`OTLPTraceExporter: ${result.reason}`);
    if (result.rejected > 0) {
      const said = result.message === undefined ? '' : `: ${result.message}`;
      throw new Error(`OTLPTraceExporter: the receiver rejected ${result.rejected} spans${said}`);
    }
  }
}
