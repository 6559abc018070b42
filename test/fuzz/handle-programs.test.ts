/**
 * Random programs over many handles, held against a model: each decoded span has exactly what was written to it while it
 * was open. No write reaches another span, and none has an effect after the end.
 */
import { isDeepStrictEqual } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { BatchSpanProcessor } from '../../src/api/batch-span-processor.ts';
import { TracerProvider } from '../../src/api/tracer-provider.ts';
import { keepFigures } from '../faults/figures.ts';
import { MODES, type Mode, processorOf } from '../helpers/api-modes.ts';
import { balance, captureWarnings, ENGINES } from '../helpers/api-recorder.ts';
import { CapturingExporter } from '../helpers/engine-capture.ts';
import { type ProtobufjsSpan, spansByProtobufjs } from '../helpers/engine-protobufjs.ts';
import { type Expected, HandlePrograms, LIMITS } from './handle-model.ts';
import { IS_LONG, randomOf, TIMEOUT, timed, volume, where } from './volume.ts';

captureWarnings();
const COUNT = volume(600, 250_000);
/** Programs between two flushes, and flushes that one provider lives through. */
const PROGRAMS_A_BATCH = 100;
const BATCHES_A_PROVIDER = 20;
const figures = { programs: 0, spans: 0, useAfterEnd: 0, millis: 0 };

interface Item {
  readonly [member: string]: unknown;
}

const hex = (bytes: unknown): string => Buffer.from(bytes as number[]).toString('hex');
const attributesOf = ({ attributes }: Item): [string, string][] =>
  (attributes as ProtobufjsSpan['attributes']).map(({ key, value }) => [key, value.stringValue as string]);
const list = (item: Item): string =>
  attributesOf(item)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');

/** A decoded span in the form of the model. */
function decoded(span: ProtobufjsSpan): Expected {
  const status = span.status as { code: number; message: string } | null;
  return {
    name: span.name,
    attributes: new Map(attributesOf(span)),
    droppedAttributes: Number(span.droppedAttributesCount),
    events: (span.events as Item[]).map((event) => `${event.name} ${list(event)}`),
    droppedEvents: Number(span.droppedEventsCount),
    links: (span.links as Item[]).map((link) => `${hex(link.traceId)} ${hex(link.spanId)} ${list(link)}`),
    droppedLinks: Number(span.droppedLinksCount),
    status: status === null || status.code === 0 ? '' : `${status.code} ${status.message}`,
  };
}

function openProvider(engine: 'wasm' | 'ts', mode: Mode) {
  const exporter = new CapturingExporter(!IS_LONG);
  const ours = new BatchSpanProcessor(exporter, { scheduledDelayMillis: 3_600_000, maxQueueSize: 100_000 });
  const spanProcessors = mode === 'arena' ? [ours] : [processorOf(), ours];
  const provider = new TracerProvider({ engine, spanLimits: LIMITS, spanProcessors });
  expect(provider.stats()).toMatchObject({ mode, engine });
  return { exporter, provider, programs: new HandlePrograms(provider.getTracer('handles')) };
}

type Opened = ReturnType<typeof openProvider>;

/**
 * Holds every span that was received against the model: none is there twice, and none is missing but of those that ended
 * after the shutdown began. Returns how many there are, and how many of those are missing.
 */
function expectSpans({ exporter, programs }: Opened, note: string): { received: number; late: number } {
  const spans = exporter.requests.splice(0).flatMap(spansByProtobufjs);
  const left = new Map(spans.map((span) => [hex(span.spanId), span]));
  expect(left.size, note).toBe(spans.length);
  let late = 0;
  for (const handle of programs.ended.splice(0)) {
    const span = left.get(handle.spanId);
    left.delete(handle.spanId);
    if (handle.late && span === undefined) late += 1;
    // `expect` alone takes most of the time of millions of comparisons.
    else if (span === undefined || !isDeepStrictEqual(decoded(span), handle.expected))
      expect(span && decoded(span), `${note}, span ${handle.number}`).toEqual(handle.expected);
  }
  expect(left.size, `${note}: spans that nobody ended`).toBe(0);
  return { received: spans.length, late };
}

/** Programs go on while the provider shuts down, and after it did. */
async function stopMidway(opened: Opened, index: number): Promise<number> {
  const { provider, programs } = opened;
  const random = randomOf(index);
  programs.run(random);
  const live = programs.live.length;
  const stopping = provider.shutdown();
  programs.isShutdown = true;
  for (let count = 0; count < 5; count += 1) programs.run(random);
  // The processors of plug-in mode take what ends while they stop.
  if (provider.stats().mode === 'arena') programs.finish(random);
  await stopping;
  programs.run(random);
  programs.finish(random);
  const { received, late } = expectSpans(opened, where(index));
  expect(balance(provider.stats()), where(index)).toBe(0);
  const { dropped, mode } = provider.stats();
  expect(dropped, where(index)).toEqual(late === 0 ? {} : { shutdown: late });
  if (mode === 'arena') expect(late, where(index)).toBe(live);
  return received;
}

async function run(engine: 'wasm' | 'ts', mode: Mode, count: number): Promise<void> {
  const every = PROGRAMS_A_BATCH * BATCHES_A_PROVIDER;
  for (let first = 0; first < count; first += every) {
    const opened = openProvider(engine, mode);
    const { provider, programs } = opened;
    let received = 0;
    const end = Math.min(count, first + every);
    for (let index = first; index < end; index += 1) {
      const random = randomOf(index);
      if (index % 500 === 499) programs.crowd(random);
      programs.run(random);
      if (index % PROGRAMS_A_BATCH !== PROGRAMS_A_BATCH - 1) continue;
      await provider.flush();
      received += expectSpans(opened, `${where(index)} and the ${PROGRAMS_A_BATCH - 1} before`).received;
      expect(balance(provider.stats()), where(index)).toBe(0);
    }
    received += await stopMidway(opened, end);
    expect(provider.stats()).toMatchObject({ started: programs.started, exported: received, live: 0 });
    figures.spans += received;
    figures.useAfterEnd += programs.useAfterEnd;
  }
  figures.programs += count;
}

afterAll(() => {
  // The zeros below are those of tests that passed.
  if (figures.programs !== ENGINES.length * MODES.length * COUNT) return;
  keepFigures(
    'hostile-handles',
    'SPANDREL_LONG=1 SPANDREL_FIGURES=write npx vitest run test/fuzz/handle-programs.test.ts',
    {
      'programs, both engines and both modes': figures.programs,
      'spans compared with the model': figures.spans,
      'cross-span writes': 0,
      'calls on ended handles, all without effect': figures.useAfterEnd,
      'time, s': Math.round(figures.millis / 1000),
    },
  );
});

describe.each(ENGINES)('on the %s engine', (engine) => {
  test.each(MODES)(
    'in %s mode, random programs over many handles write to no other span, and nothing after the end',
    { timeout: TIMEOUT },
    async (mode) => {
      figures.millis += await timed(() => run(engine, mode, COUNT));
    },
  );
});
