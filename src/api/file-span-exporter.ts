/** @module Finished spans in a local file, as lines of OTLP JSON. */

import type { WireExporter } from '../export/exporter.ts';
import { absolutePath, OtlpFileTransport } from '../export/otlp-file.ts';
import { declareOwn } from '../export/own-class.ts';
import { sendWithRetries } from '../export/send-with-retries.ts';
import { nameExporter } from './exporter-names.ts';
import { encodeRequest } from './request-encoder.ts';
import { type ExportResult, ExportResultCode, type ReadableSpan, type SpanExporter } from './types.ts';

/** Where `exporters: ['file']` writes, in the folder that the program was started in. */
export const DEFAULT_TRACE_FILE = '.spandrel/traces.jsonl';

/**
 * Appends spans to a file, one `ExportTraceServiceRequest` of OTLP JSON a line (OpenTelemetry Protocol File Exporter
 * specification). The file is made with mode 0600, its folder with 0700; a symbolic link is not followed, and nothing
 * but a regular file is written to. Any number of processes may append to one file on a local disk. What cannot be
 * written is counted as `failed` and said once; the next batch is tried again.
 */
export class FileSpanExporter implements SpanExporter {
  private readonly path: string;

  /** @param path - relative to the folder the program is in when this is called. Default {@link DEFAULT_TRACE_FILE}. */
  constructor(path: string = DEFAULT_TRACE_FILE) {
    this.path = absolutePath(path);
    nameExporter(this, path);
  }

  /** Takes spans as OTLP bytes. */
  wire(): WireExporter {
    return new OtlpFileTransport(this.path);
  }

  /** Takes spans of any SDK. Fails, with the error, when not all of them were written. */
  export(spans: ReadableSpan[], resultCallback: (result: ExportResult) => void): void {
    void this.write(spans).then(resultCallback);
  }

  /** Nothing stays open: resolves at once. */
  async shutdown(): Promise<void> {}

  /** Nothing is kept here: resolves at once. */
  async forceFlush(): Promise<void> {}

  private async write(spans: ReadableSpan[]): Promise<ExportResult> {
    try {
      const request = encodeRequest(spans);
      const result = await sendWithRetries(this.wire(), request);
      if (result.kind !== 'delivered') throw new Error(result.reason);
      if (request.spanCount === spans.length) return { code: ExportResultCode.SUCCESS };
      throw new Error(`${spans.length - request.spanCount} spans could not be encoded`);
    } catch (cause) {
      const error = cause instanceof Error ? cause : new Error(String(cause));
      return { code: ExportResultCode.FAILED, error };
    }
  }
}

declareOwn(FileSpanExporter, 'export');
