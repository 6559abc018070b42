/** What happens as the receiver does not answer: content is shortened, then left out, then spans are dropped. */
import { describe, expect, test } from 'vitest';
import { STRINGS } from '../assembly/layout.ts';
import { FRAGMENTED } from '../assembly/reasons.ts';
import type { TracerProvider } from '../src/api/tracer-provider.ts';
import type { ReadableSpan, SpanExporter } from '../src/api/types.ts';
import type { OtlpSpan } from '../src/export/otlp-message.ts';
import { keepFigures } from './faults/figures.ts';
import { processorOf } from './helpers/api-modes.ts';
import { balance, captureWarnings, ENGINES, plainAttributes } from './helpers/api-recorder.ts';
import { freshSdk } from './helpers/engine-sdk.ts';
import { chat, endChatSpan, fateOf, MEBIBYTE, stuck } from './helpers/shedding.ts';

const lines = captureWarnings();
const CASES = ENGINES.flatMap((engine) => (['arena', 'plug-in'] as const).map((mode) => ({ engine, mode })));

/** Ends spans until one is dropped, and a few more. Returns how many were kept. */
function fill(provider: TracerProvider, endOne: (index: number) => void): number {
  let index = 0;
  // Reading the numbers for every span would take longer than the spans.
  for (; index % 8 !== 0 || Object.keys(provider.stats().dropped).length === 0; index += 1) endOne(index);
  for (const last = index + 50; index < last; index += 1) endOne(index);
  expect(balance(provider.stats())).toBe(0);
  return provider.stats().waiting;
}

function byIndex(spans: OtlpSpan[]): OtlpSpan[] {
  const indexOf = ({ attributes }: OtlpSpan) => Number(plainAttributes(attributes).index);
  return spans.sort((one, other) => indexOf(one) - indexOf(other));
}

describe.each(CASES)('$mode mode on the $engine engine', ({ engine, mode }) => {
  test('content is shortened before it is left out, and left out before a span is dropped', async () => {
    const { provider, exporter, tracer, captureContent, settle } = await stuck({ engine, mode });
    const kept = fill(provider, (index) =>
      endChatSpan(tracer, index, (span, key, text) => captureContent(span, key, text, (value) => value)),
    );
    const { shed, dropped } = provider.stats();
    expect(shed).toMatchObject({ content: 'omitted', unsampled: 0, sampling: 1 });
    expect(Object.keys(dropped)).toEqual(['arena_full']);
    settle();
    await provider.forceFlush();
    const spans = byIndex(exporter.take());
    // In plug-in mode some wait as objects, and find the arena as full when they are encoded.
    expect(spans).toHaveLength(mode === 'arena' ? kept : provider.stats().exported);
    const fates = spans.map(fateOf);
    const counts = { full: 0, shortened: 0, omitted: 0 };
    for (const fate of fates) counts[fate] += 1;
    expect(counts).toMatchObject({ shortened: shed.shortened, omitted: shed.omitted });
    for (const fate of ['full', 'shortened', 'omitted'] as const) expect(counts[fate]).toBeGreaterThan(20);
    // In the order of their ends, no span has more of its content than one before it.
    expect(fates).toEqual([...fates].sort((one, other) => rank(one) - rank(other)));
    expect(fates.at(-1)).toBe('omitted');
    for (const [index, span] of spans.entries()) expectWhole(span, index);
    expect(balance(provider.stats())).toBe(0);
    expect(provider.stats().shed.content).toBe('full');
  });

  test('attributes that the program sets are never touched, under the same key neither', async () => {
    const { provider, exporter, tracer, captureContent, settle } = await stuck({ engine, mode });
    const kept = fill(provider, (index) =>
      endChatSpan(tracer, index, (span, key, text) => {
        if (index % 2 === 0) span.setAttribute(key, text);
        else {
          captureContent(span, key, text, (value) => value);
          span.setAttribute(key, `${text} `.slice(0, -1));
        }
      }),
    );
    expect(kept).toBeGreaterThan(100);
    settle();
    await provider.forceFlush();
    expect(provider.stats().shed).toMatchObject({ shortened: 0, omitted: 0 });
    for (const span of exporter.take()) expect(fateOf(span)).toBe('full');
  });
});

function rank(fate: ReturnType<typeof fateOf>): number {
  return ['full', 'shortened', 'omitted'].indexOf(fate);
}

/** Everything but captured content is there. */
function expectWhole(span: OtlpSpan, index: number): void {
  expect(span).toMatchObject({
    name: `chat ${index}`,
    status: { code: 2, message: `failed ${index}` },
    events: [{ name: 'asked', attributes: [{ value: { value: `because ${'y'.repeat(80)}` } }] }],
  });
  expect(plainAttributes(span.attributes)).toMatchObject({ index, note: `note ${index} ${'x'.repeat(100)}` });
}

/** Of both modes. */
const oversize: Record<string, number> = {};

describe.each(['arena', 'plug-in'] as const)('a span too large for its staging, in %s mode', (mode) => {
  test('has captured content shortened, never what the program set, and nothing is cut', async () => {
    const { provider, exporter, tracer, captureContent, settle } = await stuck({
      mode,
      arenaBytes: 64 * MEBIBYTE,
    });
    const own = 'z'.repeat(2 * MEBIBYTE);
    const span = tracer.startSpan('large', { attributes: { own } });
    captureContent(span, 'input.value', JSON.stringify(['first', 'x'.repeat(4 * MEBIBYTE), 'last']), String);
    captureContent(span, 'output.value', 'short', String);
    captureContent(span, 'messages', 'y'.repeat(4 * MEBIBYTE), String);
    span.end();
    settle();
    await provider.forceFlush();
    const [received] = exporter.take();
    const attributes = plainAttributes(received.attributes);
    expect(attributes).toMatchObject({ own, 'output.value': 'short' });
    expect(attributes['input.value.original_length']).toBe(4 * MEBIBYTE + 19);
    // It had found no room at all at first.
    expect(attributes.messages).toMatch(/^y{100000,}\[\.\.\.\d+ characters left out\.\.\.\]y+$/);
    expect(received.droppedAttributesCount).toBe(0);
    const input = JSON.parse(String(attributes['input.value']));
    expect([input[0], input[2]]).toEqual(['first', 'last']);
    expect(input[1]).toMatch(/^x{100000,}\[\.\.\.\d+ characters left out\.\.\.\]x{50000,}$/);
    expect(provider.stats()).toMatchObject({ cut: 0, shed: { shortened: 2, omitted: 0 }, exported: 1 });
    expect(lines).toEqual([expect.stringContaining('captured content of a span was shortened')]);
    oversize[`${mode}: captured, bytes`] = 8 * MEBIBYTE;
    oversize[`${mode}: of these sent`] =
      String(attributes['input.value']).length + String(attributes.messages).length;
    oversize[`${mode}: the program’s own, bytes`] = own.length;
    oversize[`${mode}: of these lost`] = own.length - String(attributes.own).length;
    keepFigures('shedding-oversize', 'SPANDREL_FIGURES=write npx vitest run test/shedding.test.ts', oversize);
  });

  test('where that is not enough, what the program set is cut, and counted', async () => {
    const { provider, exporter, tracer, captureContent, settle } = await stuck({
      mode,
      arenaBytes: 64 * MEBIBYTE,
    });
    const span = tracer.startSpan('large');
    captureContent(span, 'input.value', 'x'.repeat(MEBIBYTE), String);
    span.setAttribute('own', 'z'.repeat(5 * MEBIBYTE)).end();
    settle();
    await provider.forceFlush();
    const attributes = plainAttributes(exporter.take()[0].attributes);
    expect(String(attributes['input.value'])).toHaveLength(1024);
    expect(attributes.own).toMatch(/^z{3000000,}$/);
    expect(provider.stats()).toMatchObject({ cut: 1, shed: { shortened: 1, omitted: 0 }, exported: 1 });
  });
});

describe.each(['arena', 'plug-in'] as const)('captured content in %s mode', (mode) => {
  test('is left out of a span that the arena would refuse with it', async () => {
    const { provider, exporter, tracer, captureContent, settle } = await stuck({ mode });
    const { engine } = provider.settings.arena;
    const { core } = engine;
    // As when no run of free blocks is long enough.
    const commitSpan: typeof core.commitSpan = (stream, cells, textEnd) =>
      textEnd > STRINGS + 2_000 ? FRAGMENTED : core.commitSpan(stream, cells, textEnd);
    Object.assign(engine, { core: { ...core, commitSpan } });
    endChatSpan(tracer, 0, (span, key, text) => captureContent(span, key, text, String));
    tracer.startSpan('own', { attributes: { own: 'x'.repeat(3000) } }).end();
    settle();
    await provider.forceFlush();
    const spans = exporter.take();
    expect(spans.map(fateOf)).toEqual(['omitted']);
    expectWhole(spans[0], 0);
    expect(provider.stats()).toMatchObject({
      shed: { omitted: 1 },
      dropped: { arena_fragmented: 1 },
      exported: 1,
    });
    expect(lines[0]).toContain('captured content is being shortened');
  });

  test('over the length limit is shortened as JSON, with its length', async () => {
    const spanLimits = { attributeValueLengthLimit: 200 };
    const { provider, exporter, tracer, captureContent, settle } = await stuck({ mode, spanLimits });
    const span = tracer.startSpan('s');
    captureContent(span, 'input.value', chat(1), String);
    span.setAttribute('own', chat(1)).end();
    settle();
    await provider.forceFlush();
    const attributes = plainAttributes(exporter.take()[0].attributes);
    expect(JSON.parse(String(attributes['input.value']))).toMatchObject({ model: 'some-model' });
    expect(String(attributes['input.value']).length).toBeLessThanOrEqual(200);
    expect(attributes['input.value.original_length']).toBe(chat(1).length);
    expect(attributes.own).toBe(chat(1).slice(0, 200));
  });

  test('that is left out gives its place to its length, and at the attribute limit nothing else is lost', async () => {
    const spanLimits = { attributeCountLimit: 4 };
    const { provider, exporter, tracer, captureContent, settle } = await stuck({ mode, spanLimits });
    fill(provider, (index) =>
      endChatSpan(tracer, index, (span, key, text) => {
        captureContent(span, key, text, String);
        span.setAttribute('last', index);
      }),
    );
    settle();
    await provider.forceFlush();
    const spans = byIndex(exporter.take());
    expect(spans).toHaveLength(provider.stats().exported);
    for (const [index, span] of spans.entries()) {
      expectWhole(span, index);
      expect(plainAttributes(span.attributes).last).toBe(index);
      expect(span.droppedAttributesCount).toBe(0);
    }
  });
});

describe('an exporter that takes span objects', () => {
  test('gets content shortened, then left out, before a span is dropped', async () => {
    const sdk = await freshSdk();
    const { captureContent } = await import('../src/api/capture-content.ts');
    const received: ReadableSpan[] = [];
    const answer: (() => void)[] = [];
    const exporter: SpanExporter = {
      export: (spans, done) => {
        received.push(...spans);
        answer.push(() => done({ code: 0 }));
      },
      shutdown: async () => {},
    };
    const batch = new sdk.BatchSpanProcessor(exporter, { scheduledDelayMillis: 60_000 });
    const provider = new sdk.TracerProvider({
      arenaBytes: 4 * MEBIBYTE,
      spanProcessors: [processorOf(), batch],
    });
    const tracer = provider.getTracer('t');
    fill(provider, (index) =>
      endChatSpan(tracer, index, (span, key, text) => captureContent(span, key, text, String)),
    );
    expect(Object.keys(provider.stats().dropped)).toEqual(['queue_full']);
    const flushed = provider.forceFlush();
    while (provider.stats().waiting > 0) {
      for (const done of answer.splice(0)) done();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await flushed;
    const { shed, exported } = provider.stats();
    expect(received).toHaveLength(exported);
    const lengths = received.map(({ attributes }) => String(attributes['input.value'] ?? '').length);
    const shortened = lengths.filter((length) => length > 0 && length <= 1024).length;
    const omitted = lengths.filter((length) => length === 0).length;
    expect(shed).toMatchObject({ shortened, omitted });
    expect(Math.min(shortened, omitted)).toBeGreaterThan(20);
    expect(lengths).toEqual(
      [...lengths].sort((one, other) => Math.min(other, 1025) - Math.min(one, 1025) || 0),
    );
    expect(balance(provider.stats())).toBe(0);
  });
});

test('a span of another provider gets plain attributes', async () => {
  const { captureContent } = await import('../src/api/capture-content.ts');
  const set: [string, unknown][] = [];
  const span = { setAttribute: (key: string, value: unknown) => set.push([key, value]) };
  captureContent(span as never, 'k', 'text', String);
  captureContent(span as never, 'k', 'text', () => undefined);
  expect(set).toEqual([['k', 'text']]);
});
