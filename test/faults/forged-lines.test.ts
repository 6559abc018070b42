/** What a receiver says is one line of a log, whatever characters it sends. */
import { createRequire } from 'node:module';
import { DiagLogLevel, diag, type Tracer } from '@opentelemetry/api';
import { afterEach, expect, test, vi } from 'vitest';
import { BatchSpanProcessor } from '../../src/api/batch-span-processor.ts';
import { OTLPTraceExporter } from '../../src/api/otlp-trace-exporter.ts';
import { TracerProvider } from '../../src/api/tracer-provider.ts';
import { resetDiagnostics } from '../../src/diagnostics.ts';
import { type HttpReceiver, receive } from '../helpers/fault-server.ts';
import { keepFigures, WRITES_FIGURES } from './figures.ts';

const SDK_2 = createRequire(new URL('../versions/sdk-2/package.json', import.meta.url));
const COMMAND = 'SPANDREL_FIGURES=write npx vitest run test/faults/forged-lines.test.ts';

/** Control characters, line and paragraph separators, and marks that turn a line around. */
const FORGING = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).filter((character) =>
  /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u.test(character),
);

afterEach(() => {
  diag.disable();
  vi.restoreAllMocks();
});

const refusing = (): Promise<HttpReceiver> =>
  receive((response) => {
    response.writeHead(400, { 'content-type': 'text/plain; charset=utf-8' });
    response.end(`first ${FORGING.join('.')} last`);
  });

/** Characters of the answer that are printed as they came. */
function figuresOf(messages: readonly string[]) {
  const text = messages.map((message) => message.replace(/\n$/, '')).join('');
  return {
    'characters that could forge a line': FORGING.length,
    'of these printed': FORGING.filter((character) => text.includes(character)).length,
  };
}

test('an answer of all characters that could forge a line is printed without any of them', async () => {
  const { url } = await refusing();
  const lines: string[] = [];
  resetDiagnostics();
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  const spanProcessors = [new BatchSpanProcessor(new OTLPTraceExporter({ url }))];
  const provider = new TracerProvider({ spanProcessors });
  provider.getTracer('t').startSpan('s').end();
  await provider.shutdown();
  expect(lines).toEqual([expect.stringMatching(/HTTP 400.*first .* last/)]);
  expect(FORGING).toHaveLength(79);
  expect(figuresOf(lines)['of these printed']).toBe(0);
  if (WRITES_FIGURES) {
    keepFigures('security-forged-lines', COMMAND, figuresOf(lines), figuresOf(await upstreamMessages()));
  }
});

/** What opentelemetry-js tells a logger of level warn of the same answer. */
async function upstreamMessages(): Promise<string[]> {
  const { BasicTracerProvider, SimpleSpanProcessor } = SDK_2('@opentelemetry/sdk-trace-base');
  const exporter = new (SDK_2('@opentelemetry/exporter-trace-otlp-proto').OTLPTraceExporter)({
    url: (await refusing()).url,
  });
  const messages: string[] = [];
  const keep = (...words: unknown[]): void => void messages.push(words.map(String).join(' '));
  const ignore = (): void => {};
  diag.setLogger(
    { error: keep, warn: keep, info: ignore, debug: ignore, verbose: ignore },
    DiagLogLevel.WARN,
  );
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  (provider.getTracer('t') as Tracer).startSpan('s').end();
  await provider.forceFlush().catch(keep);
  expect(messages.join('')).toContain('first');
  return messages;
}
