/** @module A loopback OTLP receiver that decodes what it gets. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { ExportTraceServiceRequest, OtlpSpan } from '../../src/export/otlp-message.ts';
import { readExportTraceServiceRequest } from '../../src/export/otlp-reader.ts';
import { type HttpReceiver, receive } from './fault-server.ts';

export interface OtlpReceiver extends HttpReceiver {
  /** The base URL, without the path of the signal. */
  readonly base: string;
  readonly messages: ExportTraceServiceRequest[];
  readonly spans: OtlpSpan[];
}

/** Answers every request with an empty 200, or as told; on a free port, or the given one. */
export async function receiveOtlp(
  answer?: (response: ServerResponse, index: number, request: IncomingMessage) => void,
  port?: number,
): Promise<OtlpReceiver> {
  const server = await receive(answer, port);
  const decode = (): ExportTraceServiceRequest[] =>
    server.requests.map(({ headers, body }) =>
      readExportTraceServiceRequest([headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body]),
    );
  return {
    ...server,
    base: `http://127.0.0.1:${server.port}`,
    get messages() {
      return decode();
    },
    get spans() {
      return decode().flatMap(({ resourceSpans }) =>
        resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
      );
    },
  };
}
