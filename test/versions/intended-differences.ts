/**
 * @module Where spandrel means to differ from opentelemetry-js: a program that shows it, why, the text that says so,
 * and all that is then different. Two SDKs that export anything else, or no longer differ here, fail the test.
 */

import { expect } from 'vitest';
import { VERSION } from '../../src/version.ts';
import type { Encoded, Operation, Recipe } from './recipe.ts';

/** What upstream has and what spandrel has, by place; `undefined` for nothing. */
export type Places = Readonly<Record<string, readonly [upstream: unknown, spandrel: unknown]>>;

export interface IntendedDifference {
  readonly name: string;
  readonly reason: string;
  /** Where it is written. */
  readonly source: string;
  readonly program: Recipe;
  /** By release of upstream; one that is not here has no such difference. */
  readonly differs: { readonly 'sdk-2'?: Places; readonly 'sdk-3'?: Places };
}

/** A program of one span that starts in second 1,000,000,000 and ends a second later. */
function oneSpan(options: Encoded, steps: [method: string, ...given: Encoded[]][] = []): Recipe {
  const calls = [...steps, ['end', [1_000_000_001, 0]] as [string, ...Encoded[]]].map(
    ([method, ...given]): Operation => ({ do: 'call', span: 0, method, arguments: given }),
  );
  const start: Operation = {
    do: 'start',
    span: 0,
    scope: 0,
    name: 'span',
    options: { startTime: [1_000_000_000, 0], ...(options as object) },
    parent: 'root',
  };
  return {
    seed: 1,
    resource: { attributes: { 'service.name': 'differential' } },
    spanLimits: {},
    sampler: { kind: 'default' },
    scopes: [{ name: 'scope' }],
    operations: [start, ...calls],
  };
}

/** The same place in every release of upstream. */
const always = (places: Places): IntendedDifference['differs'] => ({ 'sdk-2': places, 'sdk-3': places });

const attribute = (key: string): string => `.spans.0.attributes.${key}:`;
const bytes: Encoded = { $: 'bytes', bytes: [1, 2] };
const zeroContext = { $: 'context', traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 };
const remoteContext = { $: 'context', traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), isRemote: true };

const map = { kvlistValue: [{ key: 'a', value: { intValue: '1' } }] };

/** Two attributes that upstream drops, which 3.x counts. */
const countedIn3 = (places: Places): IntendedDifference['differs'] => ({
  'sdk-2': places,
  'sdk-3': { ...places, '.spans.0.droppedAttributesCount': [2, 0] },
});

/** A link without anything but its ids, as it is exported. */
const bareLink = { traceState: '', attributes: {}, droppedAttributesCount: 0, flags: 0x100 };

const telemetrySdk = (version: string): Places => ({
  '.spans.0.resource.attributes.telemetry.sdk.name:.stringValue': ['opentelemetry', 'spandrel'],
  '.spans.0.resource.attributes.telemetry.sdk.version:.stringValue': [version, VERSION],
});

/** What {@link nested} is on the wire. */
const encodedMaps = (depth: number, value: object): object =>
  Array.from({ length: depth }).reduce<object>(
    (inner) => ({ kvlistValue: [{ key: 'm', value: inner }] }),
    value,
  );

/** Maps in maps, `depth` of them around `value`. */
const nested = (depth: number, value: Encoded): Encoded =>
  Array.from({ length: depth }).reduce<Encoded>((inner) => ({ m: inner }), value);

export const intendedDifferences: readonly IntendedDifference[] = [
  {
    name: 'random-flag',
    reason: 'ids made here are random, and say so on the wire; upstream never sets the flag',
    source: 'W3C Trace Context Level 2, "Random Trace ID Flag"; Trace SDK, "Random trace flag"',
    program: { ...oneSpan({}), hasOwnIds: true },
    differs: always({ '.spans.0.flags': [0x101, 0x103] }),
  },
  {
    name: 'random-flag-of-parent',
    reason: 'a child has the trace id of its parent, and so its flag',
    source: 'W3C Trace Context Level 2, "Random Trace ID Flag"',
    program: {
      ...oneSpan({}),
      operations: oneSpan({}).operations.map((operation) =>
        operation.do === 'start'
          ? { ...operation, parent: { remote: { ...remoteContext, traceFlags: 3 } } }
          : operation,
      ),
    },
    differs: always({ '.spans.0.flags': [0x301, 0x303] }),
  },
  {
    name: 'any-value',
    reason: 'attributes hold any value on every release of the API; 2.x drops what is not simple',
    source: 'Common specification, "AnyValue"',
    program: oneSpan({ attributes: { map: { a: 1 }, mixed: [1, 'x'], bytes, nothing: null } }),
    differs: {
      'sdk-2': {
        [attribute('map')]: [undefined, map],
        [attribute('mixed')]: [undefined, { arrayValue: [{ intValue: '1' }, { stringValue: 'x' }] }],
        [attribute('bytes')]: [undefined, { bytesValue: 'AQI=' }],
        [attribute('nothing')]: [undefined, {}],
      },
    },
  },
  {
    name: 'any-value-in-links',
    reason: 'as in attributes of spans; 2.x keeps null, and loses the others',
    source: 'Common specification, "Attribute Collections"',
    program: oneSpan({ links: [{ context: remoteContext, attributes: { map: { a: 1 }, nothing: null } }] }),
    differs: { 'sdk-2': { '.spans.0.links.0.attributes.map:': [undefined, map] } },
  },
  {
    name: 'any-value-in-events',
    reason: 'as in attributes of spans; 3.x keeps events simple',
    source: 'Common specification, "Attribute Collections"',
    program: oneSpan({}, [['addEvent', 'event', { map: { a: 1 }, nothing: null }, [1_000_000_000, 1]]]),
    differs: {
      'sdk-2': { '.spans.0.events.0.attributes.map:': [undefined, map] },
      'sdk-3': {
        '.spans.0.events.0.attributes.map:': [undefined, map],
        '.spans.0.events.0.attributes.nothing:': [undefined, {}],
        '.spans.0.events.0.droppedAttributesCount': [2, 0],
      },
    },
  },
  {
    name: 'undefined-in-links-and-events',
    reason: 'undefined sets nothing, as in attributes of spans; 2.x exports an empty value',
    source: 'API of opentelemetry-js, `Attributes`; upstream 3.x',
    program: oneSpan({ links: [{ context: remoteContext, attributes: { a: { $: 'undefined' } } }] }, [
      ['addEvent', 'event', { a: { $: 'undefined' } }, [1_000_000_000, 1]],
    ]),
    differs: {
      'sdk-2': {
        '.spans.0.links.0.attributes.a:': [{}, undefined],
        '.spans.0.events.0.attributes.a:': [{}, undefined],
      },
    },
  },
  {
    name: 'undefined-from-sampler',
    reason: 'undefined sets nothing; upstream takes away the attribute of that key',
    source: 'Trace SDK, "ShouldSample": its attributes are added to the span',
    program: {
      ...oneSpan({ attributes: { a: 1 } }),
      sampler: { kind: 'custom', decisions: [2], attributes: { a: { $: 'undefined' } }, tells: false },
    },
    differs: always({ [attribute('a')]: [undefined, { intValue: '1' }] }),
  },
  {
    name: 'refused-twice',
    reason: 'a key beyond the limit is counted each time it is refused, also when a sampler sets it again',
    source: 'Common specification, "Attribute Limits"; what is counted is not written',
    program: {
      ...oneSpan({ attributes: { a: 1, b: 1 } }),
      spanLimits: { attributeCountLimit: 1 },
      sampler: { kind: 'custom', decisions: [2], attributes: { b: 2 }, tells: false },
    },
    differs: always({ '.spans.0.droppedAttributesCount': [1, 2] }),
  },
  {
    name: 'sampler-sees-what-is-kept',
    reason: 'a sampler sees the attributes as the span will have them, within its limits',
    source: 'Trace SDK, "ShouldSample": the initial set of attributes of the span being created',
    program: {
      ...oneSpan({ attributes: { a: 1, b: 1 } }),
      spanLimits: { attributeCountLimit: 1 },
      sampler: { kind: 'custom', decisions: [2], tells: true },
    },
    differs: always({
      '.seen.1.4': ['saw=2', 'saw=1'],
      '.seen.4.4': ['saw=2', 'saw=1'],
      '.spans.0.traceState': ['saw=2', 'saw=1'],
    }),
  },
  {
    name: 'bigint',
    reason: 'an integer of 64 bits is one, a longer one its text; upstream drops both',
    source: 'Common specification, "Mapping Arbitrary Data to OTLP AnyValue", Integer Values',
    program: oneSpan({
      attributes: {
        long: { $: 'bigint', text: '9007199254740993' },
        longer: { $: 'bigint', text: '1'.repeat(20) },
      },
    }),
    differs: countedIn3({
      [attribute('long')]: [undefined, { intValue: '9007199254740993' }],
      [attribute('longer')]: [undefined, { stringValue: '1'.repeat(20) }],
    }),
  },
  {
    name: 'other-objects',
    reason: 'a value of another kind is text; upstream drops it',
    source: 'Common specification, "Mapping Arbitrary Data to OTLP AnyValue", Other Values',
    program: oneSpan({
      attributes: { date: { $: 'date', millis: 0 }, error: { $: 'error', type: 'Error', message: 'm' } },
    }),
    differs: countedIn3({
      [attribute('date')]: [undefined, { stringValue: '1970-01-01T00:00:00.000Z' }],
      [attribute('error')]: [undefined, { stringValue: 'Error: m' }],
    }),
  },
  {
    name: 'refused-keys',
    reason: 'an attribute without a key is counted as dropped; upstream forgets it, or makes text of the key',
    source: 'Common specification, "Attribute": a non-empty string',
    program: oneSpan({}, [
      ['setAttribute', '', 1],
      ['setAttribute', 5, 1],
    ]),
    differs: always({
      [attribute('5')]: [{ intValue: '1' }, undefined],
      '.spans.0.droppedAttributesCount': [0, 2],
    }),
  },
  {
    name: 'proto-key',
    reason: 'a key is text whatever it spells; upstream loses this one',
    source: 'Common specification, "Attribute"',
    program: oneSpan({}, [['setAttribute', '__proto__', 'x']]),
    differs: always({ [attribute('__proto__')]: [undefined, { stringValue: 'x' }] }),
  },
  {
    name: 'depth-limit',
    reason: 'values below 31 maps are empty, so that receivers decode the request; upstream has no limit',
    source: 'Common specification, `AttributeValueDepthLimit`',
    program: oneSpan({ attributes: { deep: nested(31, { m: 1 }), 'not too deep': nested(30, { m: 1 }) } }),
    differs: {
      'sdk-2': {
        [attribute('deep')]: [undefined, encodedMaps(31, {})],
        [attribute('not too deep')]: [undefined, encodedMaps(31, { intValue: '1' })],
      },
      'sdk-3': {
        '.spans': [
          'undecodable: maximum nesting depth exceeded',
          [
            expect.objectContaining({
              attributes: {
                'deep:': encodedMaps(31, {}),
                'not too deep:': encodedMaps(31, { intValue: '1' }),
              },
            }),
          ],
        ],
      },
    },
  },
  {
    name: 'cut-on-characters',
    reason: 'a length limit counts characters; upstream counts UTF-16 units and cuts one in two',
    source: 'Common specification, "Attribute Limits": counting any character in it as 1',
    program: { ...oneSpan({ attributes: { a: 'ab😀c' } }), spanLimits: { attributeValueLengthLimit: 3 } },
    differs: always({ '.spans.0.attributes.a:.stringValue': ['ab\ufffd', 'ab😀'] }),
  },
  {
    name: 'length-limit-of-zero',
    reason: 'a limit of 0 is one; upstream ignores it',
    source:
      'OpenTelemetry Environment Variable Specification, "Attribute Limits": valid values are non-negative',
    program: { ...oneSpan({ attributes: { a: 'text' } }), spanLimits: { attributeValueLengthLimit: 0 } },
    differs: always({ '.spans.0.attributes.a:.stringValue': ['text', ''] }),
  },
  {
    name: 'limit-that-is-none',
    reason: 'a limit that is negative or no number is ignored, with a warning; upstream then keeps nothing',
    source: 'Error handling in OpenTelemetry, "Basic error handling principles"',
    program: { ...oneSpan({ attributes: { a: 1 } }), spanLimits: { attributeCountLimit: -1 } },
    differs: always({
      [attribute('a')]: [undefined, { intValue: '1' }],
      '.spans.0.droppedAttributesCount': [1, 0],
    }),
  },
  {
    name: 'empty-link',
    reason: 'a link that says nothing, or whose ids are no hex, is dropped and counted; upstream exports it',
    source: 'Trace API, "Link": as long as either the attribute set or TraceState is non-empty',
    program: oneSpan({
      links: [{ context: zeroContext }, { context: { ...zeroContext, traceId: 'no id', spanId: 'none' } }],
    }),
    differs: always({
      '.spans.0.links.0': [{ ...bareLink, traceId: '0'.repeat(32), spanId: '0'.repeat(16) }, undefined],
      // What its reading of hex makes of 'no id' and 'none'.
      '.spans.0.links.1': [{ ...bareLink, traceId: '78b2', spanId: '787e' }, undefined],
      '.spans.0.droppedLinksCount': [0, 2],
    }),
  },
  {
    name: 'times-that-are-none',
    reason: 'what is no moment counts as the present; upstream exports what its bits come to',
    source: 'Trace API, "Span Creation": start timestamp, default to current time',
    program: oneSpan({}, [
      ['addEvent', 'event', { $: 'number', text: 'NaN' }],
      ['addEvent', 'event', [-1, 0]],
    ]),
    differs: always({
      '.spans.0.events.0.timeUnixNano': ['0', 'now'],
      '.spans.0.events.1.timeUnixNano': ['65535000000000', 'now'],
    }),
  },
  {
    name: 'kind-that-is-none',
    reason: 'a kind that the API does not have is the default; upstream writes the number',
    source: 'Trace API, "Span Creation": SpanKind, default to INTERNAL',
    program: oneSpan({ kind: 9 }),
    differs: always({ '.spans.0.kind': [10, 1] }),
  },
  {
    name: 'status-that-is-none',
    reason: 'a code that the API does not have is ignored; upstream writes the number',
    source: 'Trace API, "Set Status"',
    program: oneSpan({}, [['setStatus', { code: 7 }]]),
    differs: always({ '.spans.0.status.code': [7, 0] }),
  },
  {
    name: 'message-of-a-status',
    reason: 'a message that is no text is made one; upstream drops it',
    source: 'Error handling in OpenTelemetry, "Basic error handling principles"',
    program: oneSpan({}, [['setStatus', { code: 2, message: { $: 'error', type: 'Error', message: 'm' } }]]),
    differs: always({ '.spans.0.status.message': ['', 'Error: m'] }),
  },
  {
    name: 'type-of-an-exception',
    reason: 'what describes an exception is text; upstream copies a name of any type',
    source: 'Semantic conventions, "Exceptions on spans"',
    program: oneSpan({}, [['recordException', { name: 5, message: 'm' }, [1_000_000_000, 1]]]),
    differs: always({
      '.spans.0.events.0.attributes.exception.type:.intValue': ['5', undefined],
      '.spans.0.events.0.attributes.exception.type:.stringValue': [undefined, '5'],
    }),
  },
  {
    name: 'scope-attributes',
    reason: 'a tracer may have attributes; upstream does not look at them',
    source: 'Trace API, "Get a Tracer": attributes',
    program: { ...oneSpan({}), scopes: [{ name: 'scope', attributes: { a: 1 } }] },
    differs: always({ '.spans.0.scope.attributes.a:': [undefined, { intValue: '1' }] }),
  },
  {
    name: 'default-resource',
    reason: 'telemetry.sdk.* names the SDK',
    source: 'Resource semantic conventions, "Telemetry SDK"',
    program: (({ resource, ...rest }) => rest)(oneSpan({})),
    differs: { 'sdk-2': telemetrySdk('2.12.1'), 'sdk-3': telemetrySdk('3.1.1') },
  },
];
