/**
 * Keys that mean something to JavaScript objects are data like any other, wherever a key can come from, and no object
 * of the program changes by them.
 */
import { createRequire } from 'node:module';
import { propagation, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startSpan } from '../src/ai/trace.ts';
import { TraceState, W3CBaggagePropagator } from '../src/api/propagation.ts';
import { resourceFromAttributes } from '../src/api/resource.ts';
import { SimpleSpanProcessor } from '../src/api/simple-span-processor.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import type { ReadableSpan } from '../src/api/types.ts';
import { resolvePropagator } from '../src/config/propagators.ts';
import { ConsoleSpanExporter } from '../src/export/console-span-exporter.ts';
import { InMemorySpanExporter } from '../src/export/in-memory-span-exporter.ts';
import { readExportTraceServiceRequest } from '../src/export/otlp-reader.ts';
import { resolveOtlpTraceOptions } from '../src/export/otlp-trace-options.ts';
import { init, shutdown } from '../src/init.ts';
import { keepFigures, WRITES_FIGURES } from './faults/figures.ts';
import { receiveOtlp } from './helpers/api-receiver.ts';
import { captureWarnings, ENGINES, plainAttributes, record, WireRecorder } from './helpers/api-recorder.ts';
import { processorOf } from './helpers/object-spans.ts';

const NASTY = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  'isPrototypeOf',
  '__defineGetter__',
  '__lookupSetter__',
  'toJSON',
  'then',
  'length',
  '__proto__.polluted',
  'constructor.prototype.polluted',
];
const PROTOTYPES = [Object, Array, Function, String, Number, Map, Set, Promise, Uint8Array].map(
  (type) => type.prototype as object,
);

/** Every property of the prototypes that all programs share. */
function properties(): unknown[] {
  return [...PROTOTYPES, globalThis.JSON, globalThis.Reflect].flatMap((object) =>
    Reflect.ownKeys(object).map((key) => [key, Object.getOwnPropertyDescriptor(object, key)?.value]),
  );
}

type Pairs = readonly (readonly [string, string])[];

/** An object with these own members, whatever their names. */
const objectOf = (pairs: Pairs): Record<string, string> => Object.fromEntries(pairs);
const own = (object: object): Pairs =>
  Object.entries(Object.getOwnPropertyDescriptors(object)).map(([key, { value }]) => [key, value]);
const sorted = (pairs: Pairs): Pairs => [...pairs].sort(([a], [b]) => (a < b ? -1 : 1));

const before = properties();

beforeEach(() => {
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) vi.stubEnv(name, undefined);
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  expect(properties()).toEqual(before);
  expect(Reflect.ownKeys({})).toEqual([]);
});

const lines = captureWarnings();

const COMMAND = 'SPANDREL_FIGURES=write npx vitest run test/proto-keys.test.ts';

/** The keys that opentelemetry-js sends of the same attributes. */
function upstreamKeys(): string[] {
  const sdk = createRequire(new URL('./versions/sdk-2/package.json', import.meta.url));
  const {
    BasicTracerProvider,
    InMemorySpanExporter: Memory,
    SimpleSpanProcessor: Simple,
  } = sdk('@opentelemetry/sdk-trace-base');
  const memory = new Memory();
  const provider = new BasicTracerProvider({ spanProcessors: [new Simple(memory)] });
  provider
    .getTracer('t')
    .startSpan('s')
    .setAttributes(objectOf(pairsOf(NASTY)))
    .end();
  const { ProtobufTraceSerializer } = sdk('@opentelemetry/otlp-transformer');
  const bytes = ProtobufTraceSerializer.serializeRequest(memory.getFinishedSpans()) as Uint8Array;
  const [span] = readExportTraceServiceRequest([bytes]).resourceSpans[0].scopeSpans[0].spans;
  return span.attributes.map((one) => one.key);
}

const key = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...NASTY) },
  { weight: 1, arbitrary: fc.string({ minLength: 1, maxLength: 8 }) },
);
const someKeys = fc.uniqueArray(key, { minLength: 1, maxLength: NASTY.length });
const pairsOf = (keys: readonly string[]): Pairs => keys.map((one) => [one, `value of ${one}`]);

/** Records a span with the pairs in every place for attributes; `set` says by which call. */
function recordEverywhere(
  provider: TracerProvider,
  pairs: Pairs,
  set: 'options' | 'object' | 'single',
): void {
  const attributes = objectOf(pairs);
  const context = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: TraceFlags.SAMPLED };
  const span = provider.getTracer('t', '1', { attributes }).startSpan('s', {
    attributes: set === 'options' ? attributes : {},
    links: [{ context, attributes }],
  });
  if (set === 'object') span.setAttributes(attributes);
  if (set === 'single') for (const [name, value] of pairs) span.setAttribute(name, value);
  span.setAttribute('nested', attributes as never);
  span.addEvent('e', attributes);
  // What a processor or a user reads while the span is live.
  const { nested, ...rest } = (span as unknown as ReadableSpan).attributes as Record<string, unknown>;
  expect(sorted(own(rest) as Pairs)).toEqual(sorted(pairs));
  expect(sorted(own(nested as object))).toEqual(sorted(pairs));
  expect(Object.getPrototypeOf(rest)).toBe(Object.prototype);
  span.end();
}

function expectEverywhere(span: ReadableSpan, pairs: Pairs): void {
  const { nested, ...rest } = span.attributes as Record<string, unknown>;
  const places = [
    rest,
    nested,
    span.events[0].attributes,
    span.links[0].attributes,
    span.resource.attributes,
  ];
  for (const place of [...places, span.instrumentationScope.attributes]) {
    const found = own(place as object).filter(([name]) => !/^(telemetry\.sdk|service)\./.test(name));
    expect(sorted(found)).toEqual(sorted(pairs));
    expect(Object.getPrototypeOf(place)).toBe(Object.prototype);
  }
}

describe('attributes, of spans, events, links, scopes and resources', () => {
  const modes = { arena: [], 'plug-in': [processorOf({})] };
  const table = Object.entries(modes).flatMap(([mode, others]) =>
    ENGINES.map((engine) => ({ mode, engine, others })),
  );

  test.each(table)('are carried in $mode mode of the $engine engine', ({ engine, others }) => {
    fc.assert(
      fc.property(someKeys, fc.constantFrom('options', 'object', 'single'), (keys, set) => {
        const pairs = pairsOf(keys);
        const wire = new WireRecorder();
        const memory = new InMemorySpanExporter();
        const provider = new TracerProvider({
          engine,
          resource: resourceFromAttributes(objectOf(pairs)),
          spanProcessors: [new SimpleSpanProcessor(wire), new SimpleSpanProcessor(memory), ...others],
        });
        recordEverywhere(provider, pairs, set as 'options');
        const [sent] = wire.readable;
        const [kept] = memory.getFinishedSpans();
        expectEverywhere(sent, pairs);
        expectEverywhere(kept, pairs);
        // The list of the wire has each key once, as it was set.
        const list = wire.spans[0].attributes.filter((one) => one.key !== 'nested');
        expect(list).toHaveLength(pairs.length);
        expect(sorted(own(plainAttributes(list)))).toEqual(sorted(pairs));
        expect(properties()).toEqual(before);
      }),
      { numRuns: 40 },
    );
  });

  test(`none of ${NASTY.length} is lost on its way to a receiver`, () => {
    const { exporter, tracer } = record();
    tracer
      .startSpan('s')
      .setAttributes(objectOf(pairsOf(NASTY)))
      .end();
    const lost = (keys: readonly string[]) => ({
      [`keys lost of ${NASTY.length}`]: NASTY.filter((name) => !keys.includes(name)).length,
    });
    const ours = lost(exporter.spans[0].attributes.map((one) => one.key));
    expect(Object.values(ours)).toEqual([0]);
    if (WRITES_FIGURES) keepFigures('security-proto-keys', COMMAND, ours, lost(upstreamKeys()));
  });

  test('are printed by the console exporter', () => {
    const print = vi.spyOn(console, 'dir').mockImplementation(() => {});
    const provider = new TracerProvider({
      spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())],
    });
    const pairs = pairsOf(NASTY);
    provider
      .getTracer('t')
      .startSpan('s', { attributes: objectOf(pairs) })
      .end();
    const [{ attributes }] = print.mock.calls[0] as [{ attributes: object }];
    expect(sorted(own(attributes))).toEqual(sorted(pairs));
  });

  test('travel as JSON, and from the variables', async () => {
    const receiver = await receiveOtlp();
    const names = NASTY.filter((name) => !name.includes('.'));
    const text = names.map((name) => `${name}=${name}`).join(',');
    vi.stubEnv('OTEL_RESOURCE_ATTRIBUTES', text);
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', text);
    init({ endpoint: receiver.base, protocol: 'http/json', registerGlobal: false });
    startSpan('s', { attributes: objectOf(pairsOf(NASTY)) }).end();
    await shutdown();
    const [{ resourceSpans }] = receiver.requests.map(({ body }) => JSON.parse(body.toString()));
    const keys = (list: { key: string }[]): string[] => list.map((one) => one.key);
    expect(keys(resourceSpans[0].resource.attributes)).toEqual(expect.arrayContaining(names));
    expect(keys(resourceSpans[0].scopeSpans[0].spans[0].attributes).sort()).toEqual([...NASTY].sort());
    // node:http makes an ordinary object of what it receives: that the others came shows that none of it stuck.
    expect(receiver.requests[0].headers.constructor).toBe('constructor');
    expect(lines).toEqual([]);
  });
});

describe('names in configuration', () => {
  test('of headers are kept, whatever holds them', async () => {
    const pairs = NASTY.filter((name) => !name.includes('.')).map((name): [string, string] => [name, 'v']);
    const expected = sorted(pairs.map(([name]): [string, string] => [name.toLowerCase(), 'v']));
    for (const headers of [objectOf(pairs), new Map(pairs), () => objectOf(pairs)]) {
      const resolved = resolveOtlpTraceOptions({ headers: headers as never }).headers;
      const found = typeof resolved === 'function' ? await resolved() : resolved;
      expect(sorted(own(found as object))).toEqual(expected);
    }
  });

  test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])(
    '%s is no sampler, propagator, detector, exporter, protocol or option',
    (name) => {
      for (const variable of [
        'OTEL_TRACES_SAMPLER',
        'OTEL_PROPAGATORS',
        'OTEL_NODE_RESOURCE_DETECTORS',
        'OTEL_TRACES_EXPORTER',
        'OTEL_EXPORTER_OTLP_PROTOCOL',
        'OTEL_EXPORTER_OTLP_COMPRESSION',
        'OTEL_LOG_LEVEL',
      ]) {
        vi.stubEnv(variable, name);
      }
      const options = JSON.parse(`{"${name}": {"polluted": true}, "registerGlobal": false}`);
      options.limits = JSON.parse(`{"${name}": 1}`);
      options.batch = JSON.parse(`{"${name}": {"polluted": true}}`);
      expect(() => init(options)).not.toThrow();
      resolvePropagator();
      expect(lines.join('\n')).toMatch(/OTEL_TRACES_SAMPLER: expected/);
      expect(lines.join('\n')).toMatch(/OTEL_PROPAGATORS: expected/);
      expect(lines.join('\n')).toContain(`option ${name}: expected one of`);
      return shutdown();
    },
  );
});

describe('what comes with a request', () => {
  test('is baggage and trace state by any name', () => {
    fc.assert(
      fc.property(someKeys, (keys) => {
        const propagator = new W3CBaggagePropagator();
        const baggage = propagation.createBaggage(
          Object.fromEntries(keys.map((name) => [name, { value: `of ${name}` }])),
        );
        const carrier: Record<string, string> = Object.create(null);
        const set = (_: unknown, name: string, value: string): void => {
          carrier[name] = value;
        };
        propagator.inject(propagation.setBaggage(ROOT_CONTEXT, baggage), {}, { set });
        const get = (_: unknown, name: string): string => carrier[name];
        const context = propagator.extract(ROOT_CONTEXT, {}, { get, keys: () => Object.keys(carrier) });
        const received = propagation.getBaggage(context)?.getAllEntries() ?? [];
        expect(sorted(received.map(([name, { value }]): [string, string] => [name, value]))).toEqual(
          sorted(baggage.getAllEntries().map(([name, { value }]): [string, string] => [name, value])),
        );
        expect(properties()).toEqual(before);
      }),
      { numRuns: 100 },
    );
    const state = new TraceState('constructor=1,valueof=2').set('tostring', '3');
    expect(state.serialize()).toBe('tostring=3,constructor=1,valueof=2');
    expect([state.get('constructor'), state.get('hasownproperty'), state.get('__proto__')]).toEqual([
      '1',
      undefined,
      undefined,
    ]);
  });

  test('is not looked for in prototypes of the carrier', () => {
    const provider = new TracerProvider();
    provider.register();
    const context = propagation.extract(ROOT_CONTEXT, JSON.parse('{"__proto__": {"traceparent": "x"}}'));
    expect(trace.getSpanContext(context)).toBeUndefined();
    trace.disable();
    propagation.disable();
  });
});
