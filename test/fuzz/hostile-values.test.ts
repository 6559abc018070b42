/**
 * Hostile values wherever a tracing call takes one: nothing throws, no neighbour loses anything, every request decodes in
 * a decoder that is not ours, every drop is counted. Both engines, both modes.
 */
import { ROOT_CONTEXT, type SpanOptions } from '@opentelemetry/api';
import { afterAll, describe, expect, test } from 'vitest';
import { BatchSpanProcessor } from '../../src/api/batch-span-processor.ts';
import type { PluginSpan } from '../../src/api/plugin-span.ts';
import type { Span } from '../../src/api/span.ts';
import type { Tracer } from '../../src/api/tracer.ts';
import { TracerProvider } from '../../src/api/tracer-provider.ts';
import { readExportTraceServiceRequest } from '../../src/export/otlp-reader.ts';
import { keepFigures, WRITES_FIGURES } from '../faults/figures.ts';
import { MODES, type Mode, processorOf } from '../helpers/api-modes.ts';
import { balance, captureWarnings, ENGINES } from '../helpers/api-recorder.ts';
import { CapturingExporter } from '../helpers/engine-capture.ts';
import { type ProtobufjsSpan, spansByProtobufjs } from '../helpers/engine-protobufjs.ts';
import { probeProtoc, protocAcceptsAll } from '../helpers/protoc.ts';
import { hostileRunUpstream } from './hostile-upstream.ts';
import { hostileText, hostileValue, type World } from './hostile-values.ts';
import { IS_LONG, randomOf, TIMEOUT, timed, volume, where } from './volume.ts';

captureWarnings();
const COUNT = volume(2_000, 250_000);
const SPANS_A_BATCH = 40;
const ATTRIBUTES = 6;
/** Values handed over for one span, by `hostileSpan`. */
const VALUES_A_SPAN = 4 + ATTRIBUTES + 14;
const figures: Record<string, number> = {};
const noProtoc = probeProtoc();

type AnySpan = Span | PluginSpan;

/** One span with a hostile value in every place, and what must be found of it. */
interface Case {
  readonly spanId: string;
  readonly index: number;
  /** Keys that must be on the wire, or counted. */
  readonly keys: string[];
  endedEarly: boolean;
}

interface Batch {
  readonly tracer: Tracer;
  readonly cases: Case[];
  asides: number;
}

function worldOf(
  batch: Batch,
  index: number,
  self: () => AnySpan | undefined,
  one: () => Case | undefined,
): World {
  return {
    random: randomOf(index),
    traceAside() {
      batch.asides += 1;
      const own = `aside ${batch.asides}`;
      batch.tracer.startSpan(own, { attributes: { own } }, ROOT_CONTEXT).end();
    },
    writeSelf() {
      self()?.setAttribute('written within', 1).addEvent('within').updateName('within');
    },
    endSelf() {
      const found = one();
      if (found !== undefined) found.endedEarly = true;
      self()?.end();
    },
  };
}

/** Every call of the API with hostile values; throws what they throw. */
function hostileSpan(batch: Batch, index: number): void {
  let span: AnySpan | undefined;
  let one: Case | undefined;
  const world = worldOf(
    batch,
    index,
    () => span,
    () => one,
  );
  const take = <Value>(): Value => hostileValue(world) as Value;
  const options: SpanOptions = { kind: take(), attributes: take(), startTime: take(), links: take() };
  span = batch.tracer.startSpan('hostile', options, ROOT_CONTEXT) as AnySpan;
  one = { spanId: span.spanContext().spanId, index, keys: [], endedEarly: false };
  batch.cases.push(one);
  expect(span.isRecording()).toBe(true);
  for (let count = 0; count < ATTRIBUTES; count += 1) {
    const value = take<string>();
    if (value !== undefined) one.keys.push(`key ${count}`);
    span.setAttribute(`key ${count}`, value);
  }
  span.setAttribute(take(), take()).setAttributes(take());
  span.addEvent(take(), take(), take()).addLink({ context: take(), attributes: take() }).addLinks(take());
  span.setStatus({ code: 2, message: take() }).setStatus(take()).updateName(take());
  span.recordException(take(), take());
  span.setAttribute(hostileText(world.random), hostileText(world.random));
  span.setAttribute('sound', `of ${index}`);
  one.keys.push('sound');
  span.end(take());
}

function providerIn(engine: 'wasm' | 'ts', mode: Mode) {
  const exporter = new CapturingExporter(!IS_LONG);
  const ours = new BatchSpanProcessor(exporter, { scheduledDelayMillis: 3_600_000 });
  const provider = new TracerProvider({
    engine,
    spanProcessors: mode === 'arena' ? [ours] : [processorOf(), ours],
  });
  expect(provider.stats()).toMatchObject({ mode, engine });
  return { exporter, provider, tracer: provider.getTracer('hostile') };
}

function expectCase(one: Case, span: ProtobufjsSpan | undefined): void {
  expect(span, `${where(one.index)}: not received`).toBeDefined();
  if (span === undefined || one.endedEarly) return;
  const found = new Set(span.attributes.map(({ key }) => key));
  expect(found.size, `${where(one.index)}: a key twice`).toBe(span.attributes.length);
  const missing = one.keys.filter((key) => !found.has(key));
  if (missing.length > Number(span.droppedAttributesCount)) {
    expect.fail(`${where(one.index)}: ${missing} are missing, ${span.droppedAttributesCount} counted`);
  }
}

/** Reads a flushed batch twice, once with a decoder that is not ours, and holds it against what was made. */
function expectBatch(batch: Batch, first: number, bodies: readonly Uint8Array[]): number {
  const spans = bodies.flatMap(spansByProtobufjs);
  // Our reader refuses text that is not UTF-8, which protobufjs does not.
  for (const body of bodies) readExportTraceServiceRequest([body]);
  const byId = new Map(spans.map((span) => [Buffer.from(span.spanId as number[]).toString('hex'), span]));
  for (const one of batch.cases) expectCase(one, byId.get(one.spanId));
  const own = (name: RegExp) =>
    spans
      .filter((span) => name.test(span.name) && span.attributes[0]?.key === 'own')
      .map((span) => [span.name, span.attributes.length, span.attributes[0].value.stringValue]);
  const names = (name: string, from: number, count: number) =>
    Array.from({ length: count }, (_, index) => [`${name} ${from + index}`, 1, `${name} ${from + index}`]);
  expect(own(/^neighbour/).sort(), where(first)).toEqual(
    names('neighbour', first, batch.cases.length).sort(),
  );
  expect(own(/^aside/).sort(), where(first)).toEqual(names('aside', 1, batch.asides).sort());
  return spans.length;
}

async function run(engine: 'wasm' | 'ts', mode: Mode, values: number): Promise<void> {
  const { exporter, provider, tracer } = providerIn(engine, mode);
  const spans = Math.ceil(values / VALUES_A_SPAN);
  const samples: Uint8Array[] = [];
  let received = 0;
  for (let first = 0; first < spans; first += SPANS_A_BATCH) {
    const batch: Batch = { tracer, cases: [], asides: 0 };
    for (let index = first; index < Math.min(first + SPANS_A_BATCH, spans); index += 1) {
      try {
        hostileSpan(batch, index);
      } catch (error) {
        throw new Error(`${where(index)}: a call threw`, { cause: error });
      }
      const own = `neighbour ${index}`;
      tracer.startSpan(own, { attributes: { own } }, ROOT_CONTEXT).end();
    }
    await provider.flush();
    const bodies = exporter.requests.splice(0);
    received += expectBatch(batch, first, bodies);
    if (first % (SPANS_A_BATCH * 25) === 0) samples.push(...bodies);
  }
  expect(balance(provider.stats())).toBe(0);
  expect(provider.stats()).toMatchObject({ live: 0, waiting: 0, exported: received, dropped: {}, failed: 0 });
  if (noProtoc === undefined) protocAcceptsAll(samples);
  else console.warn(`protobufjs alone decoded: ${noProtoc}`);
  figures.values = (figures.values ?? 0) + spans * VALUES_A_SPAN;
  figures.spans = (figures.spans ?? 0) + received;
  figures.protoc = (figures.protoc ?? 0) + samples.length;
}

afterAll(() => {
  // The zeros below are those of tests that passed.
  if (!WRITES_FIGURES || !(figures.values >= ENGINES.length * MODES.length * COUNT)) return;
  keepFigures(
    'hostile-values',
    'SPANDREL_LONG=1 SPANDREL_FIGURES=write npx vitest run test/fuzz/hostile-values.test.ts',
    {
      'hostile values, both engines and both modes': figures.values,
      'calls that threw': 0,
      'spans received': figures.spans,
      'batches lost': 0,
      'sound spans lost': 0,
      'requests that protoc decoded as well': figures.protoc,
      'time, s': Math.round(figures.millis / 1000),
    },
    hostileRunUpstream(volume(2_000, 100_000)),
  );
}, TIMEOUT);

describe.each(ENGINES)('on the %s engine', (engine) => {
  test.each(MODES)(
    'in %s mode, hostile values in every place throw nothing, lose no neighbour, always decode, and are counted',
    { timeout: TIMEOUT },
    async (mode) => {
      const millis = await timed(() => run(engine, mode, COUNT));
      figures.millis = (figures.millis ?? 0) + millis;
    },
  );
});
