/** Length limits and invalid UTF-16: at every limit, what is sent is valid UTF-8, and no character is cut in two. */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { describe, expect, test } from 'vitest';
import { SimpleSpanProcessor } from '../../src/api/simple-span-processor.ts';
import { TracerProvider } from '../../src/api/tracer-provider.ts';
import { readExportTraceServiceRequest } from '../../src/export/otlp-reader.ts';
import { keepFigures, WRITES_FIGURES } from '../faults/figures.ts';
import type { Figures } from '../faults/row.ts';
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

const COMMAND = 'SPANDREL_FIGURES=write npx vitest run test/fuzz/truncation.test.ts';
/** Of every engine and mode. */
let values = 0;
/** Asserted of every one. */
const halved = 'of these ending in half a character';
const NONE_HALVED = { [halved]: 0 };

/** What opentelemetry-js does with the same texts and limits. */
function cutUpstream(): Figures {
  const ended: ReadableSpan[] = [];
  let cut = 0;
  let broken = 0;
  for (let limit = 1; limit <= LONGEST; limit += 1) {
    const provider = new BasicTracerProvider({
      spanLimits: { attributeValueLengthLimit: limit },
      spanProcessors: [
        processorOf({ onEnd: (span: unknown) => void ended.push(span as ReadableSpan) }) as never,
      ],
    });
    const span = provider.getTracer('cut').startSpan('s', {}, ROOT_CONTEXT);
    for (const [index, text] of TEXTS.entries()) span.setAttribute(`k${index}`, text);
    span.end();
    const body = ProtobufTraceSerializer.serializeRequest(ended.splice(0) as never) as Uint8Array;
    for (const { value } of spansByProtobufjs(body)[0].attributes) {
      const index = cut % TEXTS.length;
      const [before, after] = [TEXTS[index].charCodeAt(limit - 1), TEXTS[index].charCodeAt(limit)];
      const isPair = (before & 0xfc00) === 0xd800 && (after & 0xfc00) === 0xdc00;
      if (isPair && String(value.stringValue).endsWith('\ufffd')) broken += 1;
      cut += 1;
    }
  }
  return { 'values cut, each at a limit': cut, [halved]: broken };
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
    values += (LONGEST + 1) * TEXTS.length;
    if (WRITES_FIGURES) {
      keepFigures(
        'hostile-text',
        COMMAND,
        { 'values cut, each at a limit': values, ...NONE_HALVED },
        cutUpstream(),
      );
    }
    if (noProtoc === undefined) protocAcceptsAll(bodies);
    else console.warn(`protobufjs and our reader alone decoded: ${noProtoc}`);
  });
});
