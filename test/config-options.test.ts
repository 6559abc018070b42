import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { resourceFromAttributes as upstreamResource } from '@opentelemetry/resources';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { resourceFromAttributes } from '../src/api/resource.ts';
import { AlwaysOffSampler } from '../src/api/sampler.ts';
import type { Resource } from '../src/api/types.ts';
import { type ExporterName, resolveActivation } from '../src/config/activation.ts';
import { resolveBatchOptions } from '../src/config/batch.ts';
import { type Content, resolveContent } from '../src/config/content.ts';
import { resolveEngineOptions } from '../src/config/engine.ts';
import { resolvePropagator } from '../src/config/propagators.ts';
import { resolveResource } from '../src/config/resource.ts';
import { resolveSampler } from '../src/config/sampler.ts';
import { resolveSpanLimits } from '../src/config/span-limits.ts';
import { resetDiagnostics } from '../src/diagnostics.ts';

const env = (name: string, value: string) => vi.stubEnv(name, value);

let said: string[];
beforeEach(() => {
  said = [];
  resetDiagnostics();
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

describe('span limits', () => {
  const defaults = {
    attributeValueLengthLimit: Number.POSITIVE_INFINITY,
    attributeCountLimit: 128,
    eventCountLimit: 128,
    linkCountLimit: 128,
    attributePerEventCountLimit: 128,
    attributePerLinkCountLimit: 128,
  };

  test('have the defaults of the specification', () => {
    expect(resolveSpanLimits()).toEqual(defaults);
    expect(resolveSpanLimits(null as never, null as never)).toEqual(defaults);
  });

  test.each([
    ['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'attributeCountLimit'],
    ['OTEL_ATTRIBUTE_COUNT_LIMIT', 'attributeCountLimit'],
    ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'attributeValueLengthLimit'],
    ['OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'attributeValueLengthLimit'],
    ['OTEL_SPAN_EVENT_COUNT_LIMIT', 'eventCountLimit'],
    ['OTEL_SPAN_LINK_COUNT_LIMIT', 'linkCountLimit'],
    ['OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT', 'attributePerEventCountLimit'],
    ['OTEL_LINK_ATTRIBUTE_COUNT_LIMIT', 'attributePerLinkCountLimit'],
    ['OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT', 'attributePerEventCountLimit'],
    ['OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT', 'attributePerLinkCountLimit'],
  ])('%s sets %s and nothing else', (variable, limit) => {
    env(variable, '0');
    expect(resolveSpanLimits()).toEqual({ ...defaults, [limit]: 0 });
  });

  test('the specification’s names beat those of opentelemetry-js 2.x', () => {
    env('OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT', '1');
    env('OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT', '2');
    env('OTEL_LINK_ATTRIBUTE_COUNT_LIMIT', '3');
    env('OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT', '4');
    expect(resolveSpanLimits()).toMatchObject({
      attributePerEventCountLimit: 1,
      attributePerLinkCountLimit: 3,
    });
  });

  test('precedence: span option, general option, span variable, general variable', () => {
    env('OTEL_ATTRIBUTE_COUNT_LIMIT', '4');
    expect(resolveSpanLimits().attributeCountLimit).toBe(4);
    env('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', '3');
    expect(resolveSpanLimits().attributeCountLimit).toBe(3);
    expect(resolveSpanLimits({}, { attributeCountLimit: 2 }).attributeCountLimit).toBe(2);
    expect(
      resolveSpanLimits({ attributeCountLimit: 1 }, { attributeCountLimit: 2 }).attributeCountLimit,
    ).toBe(1);
  });

  test('each option may be infinite, whatever its variable says', () => {
    env('OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT', '5');
    env('OTEL_SPAN_EVENT_COUNT_LIMIT', '5');
    const names = Object.keys(defaults);
    const unlimited = Object.fromEntries(names.map((name) => [name, Number.POSITIVE_INFINITY]));
    expect(resolveSpanLimits(unlimited)).toEqual(unlimited);
    expect(resolveSpanLimits({}, { attributeCountLimit: Number.POSITIVE_INFINITY })).toMatchObject({
      attributeCountLimit: Number.POSITIVE_INFINITY,
    });
    expect(said).toEqual([]);
  });

  test('no variable of a count may be infinite', () => {
    env('OTEL_SPAN_EVENT_COUNT_LIMIT', 'Infinity');
    expect(resolveSpanLimits()).toEqual(defaults);
    expect(said).toEqual([expect.stringContaining('OTEL_SPAN_EVENT_COUNT_LIMIT')]);
  });
});

describe('batch', () => {
  test('defaults, options and variables', () => {
    expect(resolveBatchOptions()).toEqual({
      scheduledDelayMillis: 5_000,
      exportTimeoutMillis: 30_000,
      maxQueueSize: undefined,
      maxExportBatchSize: undefined,
    });
    env('OTEL_BSP_SCHEDULE_DELAY', '1');
    env('OTEL_BSP_EXPORT_TIMEOUT', '2');
    env('OTEL_BSP_MAX_QUEUE_SIZE', '30');
    env('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '4');
    const fromEnvironment = {
      scheduledDelayMillis: 1,
      exportTimeoutMillis: 2,
      maxQueueSize: 30,
      maxExportBatchSize: 4,
    };
    expect(resolveBatchOptions()).toEqual(fromEnvironment);
    expect(resolveBatchOptions({ maxQueueSize: 50 })).toEqual({ ...fromEnvironment, maxQueueSize: 50 });
  });

  test('a timeout of 0 is the longest a timer can wait, not none at all', () => {
    expect(resolveBatchOptions({ exportTimeoutMillis: 0 }).exportTimeoutMillis).toBe(2_147_483_647);
    expect(resolveBatchOptions({ exportTimeoutMillis: 2_147_483_648 }).exportTimeoutMillis).toBe(30_000);
  });

  test('a batch larger than the queue is cut to it, and said', () => {
    expect(resolveBatchOptions({ maxQueueSize: 10, maxExportBatchSize: 20 }).maxExportBatchSize).toBe(10);
    expect(said.join('')).toMatch(/maxExportBatchSize .* at most the queue size, 10, got 20; 10 is used/);
  });
});

describe('engine', () => {
  const mebibyte = 1024 * 1024;

  test('defaults, options and variables', () => {
    expect(resolveEngineOptions()).toEqual({ engine: 'auto', arenaBytes: 64 * mebibyte });
    env('SPANDREL_ENGINE', 'TS');
    env('SPANDREL_ARENA_BYTES', String(5 * mebibyte));
    expect(resolveEngineOptions()).toEqual({ engine: 'ts', arenaBytes: 5 * mebibyte });
    expect(resolveEngineOptions({ engine: 'wasm', arenaBytes: 1024 * mebibyte })).toEqual({
      engine: 'wasm',
      arenaBytes: 1024 * mebibyte,
    });
  });

  test('the arena is whole pages, within its bounds', () => {
    expect(resolveEngineOptions({ arenaBytes: 4 * mebibyte + 1 }).arenaBytes).toBe(4 * mebibyte + 65_536);
    for (const arenaBytes of [0, 4 * mebibyte - 1, 1024 * mebibyte + 1]) {
      expect(resolveEngineOptions({ arenaBytes }).arenaBytes).toBe(64 * mebibyte);
    }
    expect(said[0]).toMatch(
      /option arenaBytes: expected a whole number of bytes from 4194304 to 1073741824, got 0/,
    );
  });

  test('an unknown engine is named', () => {
    env('SPANDREL_ENGINE', 'rust');
    expect(resolveEngineOptions({ engine: 'c' as 'ts' }).engine).toBe('auto');
    expect(said).toHaveLength(2);
  });
});

describe('content', () => {
  test.each([
    ['true', 'all'],
    ['TRUE', 'all'],
    ['SPAN_ONLY', 'all'],
    ['SPAN_AND_EVENT', 'all'],
    ['false', 'metadata'],
    ['NO_CONTENT', 'metadata'],
    ['EVENT_ONLY', 'metadata'],
    ['', 'all'],
  ])('variable %j means %s', (text, expected) => {
    env('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT', text);
    expect(resolveContent()).toBe(expected);
    expect(said).toEqual([]);
  });

  test('a variable nobody understands keeps content out, and is said', () => {
    env('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT', 'yes');
    expect(resolveContent()).toBe('metadata');
    expect(said.join('')).toMatch(/message content is not captured/);
  });

  test('the option beats the variable, and an invalid one captures nothing', () => {
    env('OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT', 'true');
    expect(resolveContent({ content: 'metadata' })).toBe('metadata');
    for (const content of ['nome', '', null, false]) {
      expect(resolveContent({ content: content as Content })).toBe('none');
    }
  });
});

describe('activation', () => {
  test('defaults and options', () => {
    expect(resolveActivation()).toEqual({ disabled: false, registerGlobal: true, exporters: ['otlp'] });
    const options = { disabled: true, registerGlobal: false, exporters: ['console'] } as const;
    expect(resolveActivation(options)).toEqual(options);
  });

  test.each([
    ['true', true, 0],
    ['True', true, 0],
    ['false', false, 0],
    ['1', false, 1],
    ['yes', false, 1],
    ['', false, 0],
  ])('OTEL_SDK_DISABLED=%j', (text, disabled, warnings) => {
    env('OTEL_SDK_DISABLED', text);
    expect(resolveActivation().disabled).toBe(disabled);
    expect(said).toHaveLength(warnings);
  });

  test('a disabled that is no boolean is ignored', () => {
    expect(resolveActivation({ disabled: 'true' as unknown as boolean }).disabled).toBe(false);
    expect(said.join('')).toMatch(/option disabled: expected true or false, got "true"/);
  });

  test.each([
    ['otlp', ['otlp'], 0],
    ['console', ['console'], 0],
    [' OTLP , console,otlp', ['otlp', 'console'], 0],
    ['none', [], 0],
    ['none,otlp', [], 1],
    ['zipkin', ['otlp'], 1],
    ['zipkin,console', ['console'], 1],
    [',', ['otlp'], 0],
  ])('OTEL_TRACES_EXPORTER=%j', (text, exporters, warnings) => {
    env('OTEL_TRACES_EXPORTER', text);
    expect(resolveActivation().exporters).toEqual(exporters);
    expect(said).toHaveLength(warnings);
  });

  test('exporters as an option', () => {
    env('OTEL_TRACES_EXPORTER', 'console');
    expect(resolveActivation({ exporters: [] }).exporters).toEqual([]);
    expect(resolveActivation({ exporters: ['otlp'] }).exporters).toEqual(['otlp']);
    expect(resolveActivation({ exporters: 'otlp' as unknown as ExporterName[] }).exporters).toEqual([
      'console',
    ]);
    expect(said.join('')).toMatch(/option exporters: expected a list of otlp, console, file or none/);
  });
});

describe('propagators', () => {
  const B3_FIELDS = ['x-b3-traceid', 'x-b3-spanid', 'x-b3-flags', 'x-b3-sampled', 'x-b3-parentspanid'];
  const fields = (options?: Parameters<typeof resolvePropagator>[0]) => resolvePropagator(options)?.fields();

  test.each([
    ['', ['traceparent', 'tracestate', 'baggage'], 0],
    ['baggage', ['baggage'], 0],
    ['baggage,tracecontext,baggage', ['baggage', 'traceparent', 'tracestate'], 0],
    ['none', undefined, 0],
    ['b3', ['b3'], 0],
    ['b3multi', B3_FIELDS, 0],
    [' B3Multi , b3,baggage', [...B3_FIELDS, 'b3', 'baggage'], 0],
    ['baggage,b3,tracecontext', ['baggage', 'b3', 'traceparent', 'tracestate'], 0],
    ['jaeger', ['traceparent', 'tracestate', 'baggage'], 1],
    ['jaeger,b3,xray', ['b3'], 1],
    ['ottrace,none', undefined, 1],
    ['carrier-pigeon', ['traceparent', 'tracestate', 'baggage'], 1],
    ['xray,carrier-pigeon,baggage', ['baggage'], 2],
  ])('OTEL_PROPAGATORS=%j', (text, expected, warnings) => {
    env('OTEL_PROPAGATORS', text);
    expect(fields()).toEqual(expected);
    expect(said).toHaveLength(warnings);
  });

  test('what the specification names and this package does not have is named in the warning', () => {
    env('OTEL_PROPAGATORS', 'xray,b3,jaeger,ottrace,jaeger');
    expect(fields()).toEqual(['b3']);
    resolvePropagator();
    expect(said).toEqual([
      'spandrel: OTEL_PROPAGATORS: expected names out of tracecontext, baggage, b3, b3multi, none; got jaeger, ' +
        'ottrace, xray, not supported here; the other names are used. Remove what is not supported.\n',
    ]);
  });

  test('as an option: names or a propagator', () => {
    env('OTEL_PROPAGATORS', 'baggage');
    expect(fields({ propagators: ['tracecontext'] })).toEqual(['traceparent', 'tracestate']);
    expect(fields({ propagators: [] })).toBeUndefined();
    expect(fields({ propagators: ['b3multi', 'baggage'] })).toEqual([...B3_FIELDS, 'baggage']);
    expect(fields({ propagators: ['xray' as never] })).toEqual(['baggage']);
    expect(said.join('')).toMatch(/option propagators: expected names.*got xray/);
    const own = { inject() {}, extract: () => context.active(), fields: () => ['x'] };
    expect(resolvePropagator({ propagators: own })).toBe(own);
  });
});

describe('sampler', () => {
  const ROOT = 'remoteParentSampled=AlwaysOnSampler, remoteParentNotSampled=AlwaysOffSampler, ';
  const parentBased = (root: string) =>
    `ParentBased{root=${root}, ${ROOT}localParentSampled=AlwaysOnSampler, localParentNotSampled=AlwaysOffSampler}`;

  test.each([
    ['', '', parentBased('AlwaysOnSampler'), 0],
    ['always_on', '', 'AlwaysOnSampler', 0],
    ['always_off', '0.5', 'AlwaysOffSampler', 0],
    ['traceidratio', '0.25', 'TraceIdRatioBased{0.25}', 0],
    ['traceidratio', '', 'TraceIdRatioBased{1}', 0],
    ['traceidratio', '2', 'TraceIdRatioBased{1}', 1],
    ['traceidratio', 'half', 'TraceIdRatioBased{1}', 1],
    ['parentbased_always_on', '', parentBased('AlwaysOnSampler'), 0],
    ['parentbased_always_off', '', parentBased('AlwaysOffSampler'), 0],
    ['parentbased_traceidratio', '0', parentBased('TraceIdRatioBased{0}'), 0],
    ['traceidratio', '-0.5', 'TraceIdRatioBased{1}', 1],
    ['ALWAYS_OFF', '', 'AlwaysOffSampler', 0],
    ['sometimes', '', parentBased('AlwaysOnSampler'), 1],
    ['jaeger_remote', 'endpoint=http://localhost:14250', parentBased('AlwaysOnSampler'), 1],
  ])('OTEL_TRACES_SAMPLER=%j, ARG=%j', (name, argument, description, warnings) => {
    env('OTEL_TRACES_SAMPLER', name);
    env('OTEL_TRACES_SAMPLER_ARG', argument);
    expect(String(resolveSampler())).toBe(description);
    expect(said).toHaveLength(warnings);
  });

  test.each(['jaeger_remote', 'parentbased_jaeger_remote', 'xray', 'XRAY'])(
    '%s, which the specification knows, is said by name not to be supported, and ignored',
    (name) => {
      env('OTEL_TRACES_SAMPLER', name);
      expect(String(resolveSampler())).toBe(parentBased('AlwaysOnSampler'));
      expect(String(resolveSampler({ sampler: name.toLowerCase() as never }))).toBe(
        parentBased('AlwaysOnSampler'),
      );
      expect(said).toEqual([
        expect.stringMatching(
          `^spandrel: OTEL_TRACES_SAMPLER: expected .*parentbased_traceidratio.* ${name}, which is not supported; it is ignored`,
        ),
        expect.stringMatching(
          `^spandrel: option sampler: .* ${name.toLowerCase()}, which is not supported; it is ignored`,
        ),
      ]);
      expect(String(resolveSampler({ sampler: 'always_off' }))).toBe('AlwaysOffSampler');
      expect(said).toHaveLength(2);
    },
  );

  test('the option beats the variables: a sampler, or a name and its argument', () => {
    env('OTEL_TRACES_SAMPLER', 'always_on');
    env('OTEL_TRACES_SAMPLER_ARG', '0.25');
    const own = new AlwaysOffSampler();
    expect(resolveSampler({ sampler: own })).toBe(own);
    expect(String(resolveSampler({ sampler: 'traceidratio' }))).toBe('TraceIdRatioBased{0.25}');
    expect(String(resolveSampler({ sampler: 'traceidratio', samplerArg: 0.5 }))).toBe(
      'TraceIdRatioBased{0.5}',
    );
  });

  test('what is no sampler is named, and the variable counts', () => {
    env('OTEL_TRACES_SAMPLER', 'always_off');
    for (const bad of [{}, 'never', 7]) {
      expect(String(resolveSampler({ sampler: bad as never }))).toBe('AlwaysOffSampler');
    }
    expect(said.join('')).toMatch(/option sampler/);
  });

  test('the default follows a parent that was not sampled', () => {
    const traceId = '5bd66ef5095369c7b0d1f8f4bd33716a';
    const parent = trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId: 'c532cb4098ac3dd2', traceFlags: 0 });
    expect(resolveSampler().shouldSample(parent, traceId, 'n', SpanKind.INTERNAL, {}, []).decision).toBe(0);
  });
});

describe('resource', () => {
  test('later beats earlier: default, list, service name, resource, attributes, service name option', () => {
    const attributes = (options?: Parameters<typeof resolveResource>[0]) =>
      resolveResource(options).attributes;
    expect(attributes()['service.name']).toMatch(/^unknown_service/);
    expect(attributes()['telemetry.sdk.name']).toBe('spandrel');
    env('OTEL_RESOURCE_ATTRIBUTES', 'service.name=list, team = a%2Cb%3D%C3%A9 ,region=list');
    expect(attributes()).toMatchObject({ 'service.name': 'list', team: 'a,b=é', region: 'list' });
    env('OTEL_SERVICE_NAME', 'variable');
    expect(attributes()).toMatchObject({ 'service.name': 'variable', region: 'list' });
    const resource = upstreamResource({ 'service.name': 'resource', region: 'resource', a: 1 });
    expect(attributes({ resource })).toMatchObject({ 'service.name': 'resource', region: 'resource' });
    const resourceAttributes = { 'service.name': 'attributes', a: 2 };
    expect(attributes({ resource, resourceAttributes })).toMatchObject({
      'service.name': 'attributes',
      a: 2,
    });
    expect(attributes({ resource, resourceAttributes, serviceName: 'option' })).toMatchObject({
      'service.name': 'option',
      region: 'resource',
      team: 'a,b=é',
    });
    expect(said).toEqual([]);
  });

  test.each(['a', 'a=1=2', '=1', 'a=%zz', 'a=%ff'])(
    'one bad entry, %j, voids the whole variable',
    (entry) => {
      env('OTEL_RESOURCE_ATTRIBUTES', `good=1,${entry},better=2`);
      const { attributes } = resolveResource();
      expect(attributes).not.toHaveProperty('good');
      expect(attributes).not.toHaveProperty('better');
      expect(attributes).toHaveProperty(['telemetry.sdk.name']);
      expect(said.join('')).toMatch(/OTEL_RESOURCE_ATTRIBUTES: .*member 2 .*the whole variable is ignored/);
    },
  );

  test('empty entries are no fault, and every value is text', () => {
    env('OTEL_RESOURCE_ATTRIBUTES', ',a=1,,b=,');
    expect(resolveResource().attributes).toMatchObject({ a: '1', b: '' });
    expect(said).toEqual([]);
  });

  test('what is no resource and no attributes is named and ignored', () => {
    const options = { resource: 1 as unknown as Resource, resourceAttributes: 'a' as never, serviceName: '' };
    expect(resolveResource(options).attributes['service.name']).toMatch(/^unknown_service/);
    expect(said).toHaveLength(3);
  });

  test('attributes on the way stay on the way', async () => {
    const resource = resolveResource({ resource: resourceFromAttributes({ id: Promise.resolve('i') }) });
    expect(resource.asyncAttributesPending).toBe(true);
    await resource.waitForAsyncAttributes?.();
    expect(resource.attributes).toMatchObject({ id: 'i' });
  });
});
