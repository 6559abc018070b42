/** A transport to a loopback server, requests for it, and what can be seen of them from outside. */

import { Agent, type ClientRequest } from 'node:http';
import { expect, onTestFinished } from 'vitest';
import { parseEndpoint } from '../../src/export/endpoint.ts';
import type { ExportRequest, SendResult } from '../../src/export/exporter.ts';
import { type OtlpHttpOptions, OtlpHttpTransport } from '../../src/export/otlp-http.ts';
import { receive } from './fault-server.ts';

export const MEBIBYTE = 1_048_576;

/** Closes when the test ends. */
export function transport(url: string, options: Partial<OtlpHttpOptions> = {}): OtlpHttpTransport {
  const made = new OtlpHttpTransport({ endpoint: parseEndpoint(url, 'test'), ...options });
  onTestFinished(() => made.close());
  return made;
}

export function wasmMemory(pages: number): { readonly buffer: ArrayBuffer } {
  // The ES library this is checked against has no types for it.
  const { Memory } = (globalThis as unknown as { WebAssembly: WebAssemblyHost }).WebAssembly;
  return new Memory({ initial: pages, maximum: pages });
}

interface WebAssemblyHost {
  readonly Memory: new (limits: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
}

export function requestOf(...chunks: Uint8Array[]): ExportRequest {
  return { chunks, byteLength: chunks.reduce((sum, chunk) => sum + chunk.length, 0), spanCount: 5 };
}

export function bytes(length: number, value: number): Uint8Array {
  return new Uint8Array(length).fill(value);
}

/** What one request to a server that answers like this comes to; the server must see it once. */
export async function resultFor(
  status: number,
  body: string | Uint8Array = '',
  headers: Record<string, string> = {},
): Promise<SendResult> {
  const server = await receive((response) => response.writeHead(status, headers).end(body));
  const result = await transport(server.url).send(requestOf(bytes(3, 1)));
  expect(server.requests).toHaveLength(1);
  return result;
}

/** Counts requests that have not emitted 'close'. */
export class ObservedAgent extends Agent {
  openRequests = 0;
  onResponse: () => void = () => {};

  // Called by ClientRequest's constructor, so this listener runs before any other.
  addRequest(request: ClientRequest, ...rest: unknown[]): void {
    this.openRequests++;
    request.on('close', () => this.openRequests--);
    request.on('response', () => this.onResponse());
    (Agent.prototype as unknown as { addRequest(...args: unknown[]): void }).addRequest.call(
      this,
      request,
      ...rest,
    );
  }
}
