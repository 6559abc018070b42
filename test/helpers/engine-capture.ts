/** @module An exporter that keeps the bytes it is given, and reads them when asked. */

import type { ArenaExporter } from '../../src/api/wire-span-processor.ts';
import type { ExportRequest, SendResult, WireExporter } from '../../src/export/exporter.ts';
import type { OtlpSpan } from '../../src/export/otlp-message.ts';
import { readExportTraceServiceRequest } from '../../src/export/otlp-reader.ts';
import { declareOwn } from '../../src/export/own-class.ts';
import { keepBody } from './suite-bodies.ts';

export class CapturingExporter implements ArenaExporter {
  static {
    declareOwn(CapturingExporter, 'export');
  }

  /** The requests so far, copied when they came. */
  readonly requests: Uint8Array[] = [];
  /** What to answer; delivered when unset. */
  answer: ((request: ExportRequest) => SendResult | Promise<SendResult>) | undefined;
  private readonly forProtoc: boolean;

  /** @param forProtoc - whether the bodies are kept for `protoc` as well, which bounds how many there should be. */
  constructor(forProtoc = true) {
    this.forProtoc = forProtoc;
  }

  wire(): WireExporter {
    return {
      send: (request) => {
        const body = new Uint8Array(Buffer.concat(request.chunks));
        if (this.forProtoc) keepBody(body);
        this.requests.push(body);
        return this.answer?.(request) ?? { kind: 'delivered', rejected: 0 };
      },
      close: () => {},
    };
  }

  /** The spans of all requests; forgets them. */
  take(): OtlpSpan[] {
    return this.requests
      .splice(0)
      .flatMap((bytes) => readExportTraceServiceRequest([bytes]).resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
  }

  export(): void {
    throw new Error('expected wire requests, got span objects');
  }

  async shutdown(): Promise<void> {}
}

/** The attributes of a decoded span, event or link as an object; bytes and containers stay as they are on the wire. */
export function attributesOf({ attributes }: Pick<OtlpSpan, 'attributes'>): Record<string, unknown> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.type === 'empty' ? null : value.value]),
  );
}
