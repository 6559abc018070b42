/** Length limits and invalid UTF-16: at every limit, what is sent is valid UTF-8, and no character is cut in two. */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { SimpleSpanProcessor } from '../../src/api/simple-span-processor.ts';
import { TracerProvider } from '../../src/api/tracer-provider.ts';
import { readExportTraceServiceRequest } from '../../src/export/otlp-reader.ts';
import { MODES, processorOf } from '../helpers/api-modes.ts';
import { captureWarnings, ENGINES } from '../helpers/api-recorder.ts';
import { CapturingExporter } from '../helpers/engine-capture.ts';
import { spansByProtobufjs } from '../helpers/engine-protobufjs.ts';
import { probeProtoc, protocAcceptsAll } from '../helpers/protoc.ts';

captureWarnings();
const LONGEST = 64;
/** Characters of 1 to 4 bytes, halves of surrogate pairs, NUL and a byte order mark, in several orders. */
const UNITS = ['a', 'é', '漢', '🌊', '\ud83c', '\udf0a', '\0', '\ufeff'];
const TEXTS = UNITS.map((_, first) => [...UNITS.slice(first), ...UNITS.slice(0, first)].join('').repeat(9));

/** The first `limit` code points, by the language's own iteration; lone surrogates as UTF-8 has them. */
function expected(text: string, limit: number): string {
  return Buffer.from([...text].slice(0, limit).join(''), 'utf8').toString('utf8');
}

const noProtoc = probeProtoc();

describe.each(ENGINES)('on the %s engine', (engine) => {
  test.each(MODES)('in %s mode, a limit of 0 to 64 cuts between characters, everywhere', async (mode) => {
    const bodies: Uint8Array[] = [];
    for (let limit = 0; limit <= LONGEST; limit += 1) {
      const exporter = new CapturingExporter();
      const ours = new SimpleSpanProcessor(exporter);
      const spanProcessors = mode === 'arena' ? [ours] : [processorOf(), ours];
      const spanLimits = { attributeValueLengthLimit: limit };
      const provider = new TracerProvider({ engine, spanLimits, spanProcessors });
      expect(provider.stats().mode).toBe(mode);
      const span = provider.getTracer('cut').startSpan(TEXTS[limit % TEXTS.length], {}, ROOT_CONTEXT);
      for (const [index, text] of TEXTS.entries()) span.setAttribute(`k${index}`, text);
      span.setAttribute('list', TEXTS).addEvent(TEXTS[0], { text: TEXTS[1] });
      span.setStatus({ code: 2, message: TEXTS[2] }).end();
      await provider.forceFlush();
      const [read] = exporter.requests.flatMap(spansByProtobufjs);
      const sent = read.attributes.map(({ value }) => value.stringValue).slice(0, TEXTS.length);
      expect(sent, `limit ${limit}`).toEqual(TEXTS.map((text) => expected(text, limit)));
      for (const body of exporter.requests) readExportTraceServiceRequest([body]);
      bodies.push(...exporter.requests);
    }
    expect(bodies).toHaveLength(LONGEST + 1);
    if (noProtoc === undefined) protocAcceptsAll(bodies);
    else console.warn(`protobufjs and our reader alone decoded: ${noProtoc}`);
  });
});
