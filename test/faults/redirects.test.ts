/** A server that sends elsewhere gets what it was meant to get, and nobody else anything. */
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { OTLPTraceExporter } from '../../src/api/otlp-trace-exporter.ts';
import type { ExportResult, ReadableSpan, SpanExporter } from '../../src/api/types.ts';
import { receive } from '../helpers/fault-server.ts';
import { spanObject } from '../helpers/object-spans.ts';
import { keepFigures, WRITES_FIGURES } from './figures.ts';
import type { Figures } from './row.ts';

const COMMAND = 'SPANDREL_FIGURES=write npx vitest run test/faults/redirects.test.ts';
const STATUSES = [301, 302, 303, 307, 308];
/** From the address asked for to the same host, another port, another name, and another kind of address. */
const TARGETS = [
  '/elsewhere',
  'http://127.0.0.1:$port/',
  'http://localhost:$port/',
  '//127.0.0.1:$port/',
  'file:///etc/passwd',
];

async function follow(
  make: (options: { url: string; headers: Record<string, string> }) => SpanExporter,
): Promise<Figures> {
  const other = await receive();
  let first = 0;
  let followed = 0;
  for (const status of STATUSES) {
    for (const target of TARGETS) {
      const location = target.replace('$port', String(other.port));
      const server = await receive((response) => response.writeHead(status, { location }).end());
      const exporter = make({ url: server.url, headers: { 'x-api-key': 'canary' } });
      const result = await new Promise<ExportResult>((resolve) =>
        exporter.export([spanObject() as ReadableSpan], resolve),
      );
      expect(result.code).toBe(1);
      await exporter.shutdown();
      first += 1;
      followed += server.requests.length - 1;
    }
  }
  return { 'redirects answered': first, 'requests that followed one': followed + other.connections.length };
}

test('25 redirects are followed by no request, and every span is reported as lost', async () => {
  const ours = await follow((options) => new OTLPTraceExporter(options));
  expect(ours).toEqual({ 'redirects answered': 25, 'requests that followed one': 0 });
  if (!WRITES_FIGURES) return;
  const sdk = createRequire(new URL('../versions/sdk-2/package.json', import.meta.url));
  const { OTLPTraceExporter: Upstream } = sdk('@opentelemetry/exporter-trace-otlp-proto');
  keepFigures('security-redirects', COMMAND, ours, await follow((options) => new Upstream(options)));
});
