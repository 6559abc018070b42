/** User code that runs while a span is written, and traces: every span keeps what is its own. */
import { DiagLogLevel, diag } from '@opentelemetry/api';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SimpleSpanProcessor } from '../src/api/simple-span-processor.ts';
import type { Span } from '../src/api/span.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import type { OtlpSpan } from '../src/export/otlp-message.ts';
import { attributesOf, CapturingExporter } from './helpers/engine-capture.ts';

afterEach(() => {
  diag.disable();
  vi.restoreAllMocks();
});

describe.each(['wasm', 'ts'] as const)('user code that traces, on the %s engine', (engine) => {
  const exporter = new CapturingExporter();
  const provider = new TracerProvider({
    engine,
    arenaBytes: 8 << 20,
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer('reentrancy');
  /** What reached the wire, each span's attributes by its name. A name that comes twice fails. */
  function recorded(): Record<string, Record<string, unknown>> {
    const spans = exporter.take();
    expect(new Set(spans.map(({ name }) => name)).size).toBe(spans.length);
    return Object.fromEntries(spans.map((span) => [span.name, attributesOf(span)]));
  }
  /** A span of its own, started, written and ended within one call. */
  function traceAside(name: string): string {
    tracer
      .startSpan(name, { attributes: { own: name } })
      .setAttribute('text', `ü ${name}`)
      .end();
    return name;
  }

  it('in a getter and in toJSON, several levels deep', () => {
    const outer = tracer.startSpan('outer', { attributes: { first: 'outer 1' } });
    const deep = {
      get inner() {
        return {
          toJSON: () => ({
            get leaf() {
              return traceAside('leaf');
            },
            made: traceAside('made'),
          }),
        };
      },
    };
    outer.setAttribute('nested', {
      get a() {
        return traceAside('a');
      },
      deep,
      z: 'z',
    } as never);
    outer.setAttribute('last', 'outer 2').end();
    const spans = recorded();
    expect(spans.leaf).toEqual({ own: 'leaf', text: 'ü leaf' });
    expect(spans.made).toEqual({ own: 'made', text: 'ü made' });
    expect(spans.a).toEqual({ own: 'a', text: 'ü a' });
    expect(spans.outer).toMatchObject({ first: 'outer 1', last: 'outer 2' });
    expect(JSON.stringify(spans.outer.nested)).toContain('"leaf"');
  });

  it('in attributes of the start, of events and of links', () => {
    const attributes = (name: string) => ({
      get [name]() {
        return traceAside(`${name} getter`);
      },
      plain: name,
    });
    const context = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 };
    const options = { attributes: attributes('start'), links: [{ context, attributes: attributes('link') }] };
    tracer.startSpan('all', options).addEvent('event', attributes('event')).end();
    const spans = exporter.take();
    const all = spans.find(({ name }) => name === 'all') as OtlpSpan;
    expect(attributesOf(all)).toEqual({ start: 'start getter', plain: 'start' });
    expect(attributesOf(all.events[0])).toEqual({ event: 'event getter', plain: 'event' });
    expect(attributesOf(all.links[0])).toEqual({ link: 'link getter', plain: 'link' });
    expect(spans.map(({ name }) => name).sort()).toEqual([
      'all',
      'event getter',
      'link getter',
      'start getter',
    ]);
  });

  it('and writes to the very span whose value is being read', () => {
    const span = tracer.startSpan('self');
    span.setAttribute('key', {
      toJSON() {
        span.setAttribute('within', 1).setAttribute('key', 'inner');
        return 'outer';
      },
    } as never);
    span.setAttributes({
      a: 1,
      get b() {
        span.setAttribute('a', 2).addEvent('within');
        return 3;
      },
    });
    span.end();
    expect(recorded().self).toEqual({ key: 'outer', within: 1n, a: 2n, b: 3n });
  });

  it('and ends that span: what comes after goes nowhere, least of all to the next span', () => {
    const started: ReturnType<typeof tracer.startSpan>[] = [];
    for (const how of ['setAttribute', 'setAttributes', 'addEvent'] as const) {
      const span = tracer.startSpan(`ended in ${how}`);
      const value = {
        toJSON() {
          span.end();
          started.push(tracer.startSpan(`after ${how}`));
          return 'secret';
        },
      };
      if (how === 'setAttribute') span.setAttribute('key', value as never);
      else if (how === 'setAttributes') span.setAttributes({ key: value as never, more: 'secret' });
      else span.addEvent('event', { key: value as never });
      expect(span.isRecording()).toBe(false);
    }
    for (const span of started) span.end();
    const spans = recorded();
    expect(Object.keys(spans)).toHaveLength(6);
    for (const [name, attributes] of Object.entries(spans)) expect(attributes, name).toEqual({});
  });

  it('in a time, ending the span twice: it leaves once', () => {
    const { live } = provider.stats();
    const span = tracer.startSpan('twice');
    const end = new Date();
    vi.spyOn(end, 'getTime').mockImplementation(() => {
      span.end();
      return Date.now();
    });
    span.end(end);
    const [first, second] = [
      tracer.startSpan('first', { attributes: { of: 'first' } }),
      tracer.startSpan('second'),
    ];
    first.setAttribute('key', 'first');
    second.setAttribute('key', 'second').end();
    first.end();
    expect(recorded()).toEqual({
      twice: {},
      first: { of: 'first', key: 'first' },
      second: { key: 'second' },
    });
    expect(provider.stats().live).toBe(live);
  });

  it.each([
    [
      'kind',
      {
        get kind() {
          tracer.startSpan('within').end();
          return 0;
        },
      },
    ],
    [
      'startTime',
      {
        get startTime() {
          tracer.startSpan('within').end();
          return undefined;
        },
      },
    ],
    [
      'root',
      {
        get root() {
          tracer.startSpan('within').end();
          return false;
        },
      },
    ],
  ])('in a getter of the start options (%s): both spans have ids of their own', (_member, options) => {
    const span = tracer.startSpan('outer', options);
    span.end();
    const ids = exporter.take().map(({ spanId, traceId }) => spanId + traceId);
    expect(ids.length).toBeGreaterThan(1);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('when a name or a kind is turned into what the wire takes', () => {
    const name = {
      toString: () => {
        tracer.startSpan('within name').end();
        return 'outer';
      },
    };
    const kind = {
      valueOf: () => {
        traceAside(`within kind ${exporter.requests.length}`);
        return 1;
      },
    };
    tracer.startSpan(name as never, { kind: kind as never, attributes: { key: 'ü value' } }).end();
    const spans = exporter.take();
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    expect(attributesOf(spans.find((span) => span.name === 'outer') as OtlpSpan)).toEqual({ key: 'ü value' });
  });

  it('in a diagnostics logger, while spans end', () => {
    let depth = 0;
    const log = () => {
      depth += 1;
      if (depth === 1) traceAside('logged');
      depth -= 1;
    };
    diag.setLogger(
      { error: log, warn: log, info: log, debug: log, verbose: log },
      { logLevel: DiagLogLevel.ALL, suppressOverrideMessage: true },
    );
    exporter.take();
    const span = tracer.startSpan('ended twice', { attributes: { key: 'value' } });
    span.end();
    span.end();
    expect(recorded()['ended twice']).toEqual({ key: 'value' });
  });
});

describe('a value changed after it was set', () => {
  it('leaves the span as it was', () => {
    const exporter = new CapturingExporter();
    const provider = new TracerProvider({
      arenaBytes: 8 << 20,
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    });
    const list: unknown[] = ['a', { deep: ['x'] }];
    const map = new Map<string, unknown>([['k', list]]);
    const bytes = Uint8Array.of(1, 2, 3);
    const attributes: Record<string, unknown> = { list, map, bytes, object: { list } };
    const span = provider.getTracer('snapshots').startSpan('s', { attributes: attributes as never }) as Span;
    span.addEvent('event', attributes as never);
    span.addLink({
      context: { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 },
      attributes: attributes as never,
    });
    const before = JSON.stringify(span.attributes);
    list.push('late');
    (list[1] as { deep: string[] }).deep[0] = 'late';
    map.set('late', 1);
    bytes.fill(9);
    attributes.late = 1;
    delete attributes.object;
    expect(JSON.stringify(span.attributes)).toBe(before);
    const read = span.attributes as Record<string, unknown>;
    (read.list as string[]).push('from a reader');
    (read.bytes as Uint8Array).fill(7);
    span.end();
    const [finished] = exporter.take();
    const expected = [
      { key: 'list', value: expect.objectContaining({ type: 'array' }) },
      { key: 'map', value: expect.objectContaining({ type: 'kvlist' }) },
      { key: 'bytes', value: { type: 'bytes', value: Uint8Array.of(1, 2, 3) } },
      { key: 'object', value: expect.objectContaining({ type: 'kvlist' }) },
    ];
    for (const { attributes: kept } of [finished, ...finished.events, ...finished.links]) {
      expect(kept).toEqual(expected);
      expect(JSON.stringify(kept)).not.toMatch(/late|reader/);
    }
  });
});
