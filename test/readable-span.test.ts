import type { Attributes } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes, type Resource as UpstreamResource } from '@opentelemetry/resources';
import type {
  ReadableSpan as UpstreamReadableSpan,
  SpanExporter as UpstreamSpanExporter,
} from '@opentelemetry/sdk-trace-base';
import fc from 'fast-check';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { ExportResult, ReadableSpan, Resource, SpanExporter } from '../src/api/types.ts';
import { readExportTraceServiceRequest } from '../src/export/otlp-reader.ts';
import { toReadableSpans } from '../src/export/readable-span.ts';
import {
  attributeField,
  field,
  fixed32Field,
  fixed64Field,
  requestOfSpan,
  varintField,
} from './helpers/protobuf-bytes.ts';
import { anyAttributes, upstreamSpans } from './helpers/upstream-spans.ts';

type UpstreamExportResult = Parameters<Parameters<UpstreamSpanExporter['export']>[1]>[0];

function decoded(bytes: Uint8Array): ReadableSpan[] {
  return toReadableSpans(readExportTraceServiceRequest([bytes]));
}

function serialized(spans: UpstreamReadableSpan[]): Uint8Array {
  return ProtobufTraceSerializer.serializeRequest(spans) as Uint8Array;
}

function spanOf(...fields: number[][]): ReadableSpan {
  return decoded(requestOfSpan(...fields))[0];
}

/** The value as the wire can carry it: integers within int64 lose the sign of zero, nothing is null. */
function carried(value: unknown): unknown {
  if (typeof value === 'number' && Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63) {
    return Number.isSafeInteger(value) ? value + 0 : BigInt(value);
  }
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.map(carried);
  if (value instanceof Uint8Array || typeof value !== 'object') return value;
  return carriedMembers(value);
}

function carriedMembers(attributes: object | undefined): object {
  return Object.fromEntries(Object.entries(attributes ?? {}).map(([key, value]) => [key, carried(value)]));
}

/** What both sides can know of a span, in one comparable shape. */
function comparable(span: ReadableSpan | UpstreamReadableSpan) {
  const context = span.spanContext();
  const scope = span.instrumentationScope;
  return {
    name: span.name,
    kind: span.kind,
    context: { ...context, traceState: context.traceState?.serialize() },
    parent: span.parentSpanContext && {
      traceId: span.parentSpanContext.traceId,
      spanId: span.parentSpanContext.spanId,
      isRemote: span.parentSpanContext.isRemote ?? false,
    },
    times: [span.startTime, span.endTime, span.duration],
    status: { code: span.status.code, message: span.status.message || undefined },
    attributes: carriedMembers(span.attributes),
    events: span.events.map((event) => ({ ...event, attributes: carriedMembers(event.attributes) })),
    links: span.links.map(({ context: linked, attributes, droppedAttributesCount }) => ({
      context: { ...linked, isRemote: linked.isRemote ?? false, traceState: linked.traceState?.serialize() },
      attributes: carriedMembers(attributes),
      droppedAttributesCount: droppedAttributesCount ?? 0,
    })),
    ended: span.ended,
    resource: [carriedMembers(span.resource.attributes), span.resource.schemaUrl],
    scope: [scope.name, scope.version || undefined, scope.schemaUrl],
    dropped: [span.droppedAttributesCount, span.droppedEventsCount, span.droppedLinksCount],
  };
}

/** The serializer groups spans by scope, in the order the scopes first appear. */
function groupedByScope(spans: UpstreamReadableSpan[]): UpstreamReadableSpan[] {
  const scopes = new Set(spans.map((span) => span.instrumentationScope));
  return [...scopes].flatMap((scope) => spans.filter((span) => span.instrumentationScope === scope));
}

describe('toReadableSpans', () => {
  it('gives back what opentelemetry-js recorded', () => {
    fc.assert(
      fc.property(upstreamSpans, anyAttributes, (spans, attributes) => {
        Object.assign(spans[0].attributes, attributes);
        const expected = groupedByScope(spans).map(comparable);
        expect(decoded(serialized(spans)).map(comparable)).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it('makes spans opentelemetry-js serializes to the same bytes again', () => {
    fc.assert(
      fc.property(upstreamSpans, (spans) => {
        for (const span of spans) {
          for (const { attributes } of [span, span.resource, ...span.events, ...span.links])
            withoutBigints(attributes);
        }
        const bytes = serialized(spans);
        expect(serialized(decoded(bytes))).toEqual(bytes);
      }),
      { numRuns: 150 },
    );
  });

  it('shares one resource and one scope object among the spans of a group', () => {
    const bytes = Uint8Array.from(field(1, field(2, field(2, field(5, 'a')), field(2, field(5, 'b')))));
    const [a, b] = decoded(bytes);
    expect(a.resource).toBe(b.resource);
    expect(a.instrumentationScope).toBe(b.instrumentationScope);
  });
});

/** Upstream's serializer writes nothing for a bigint. */
function withoutBigints(attributes: Attributes = {}): void {
  for (const [key, value] of Object.entries(attributes)) {
    if ([value].flat().some((item) => typeof carried(item) === 'bigint')) delete attributes[key];
  }
}

describe('a decoded span', () => {
  it('is internal when its kind is unspecified', () => {
    expect(spanOf().kind).toBe(0);
    expect(spanOf(varintField(6, 5)).kind).toBe(4);
  });

  it.each([
    ['unknown', 0x001, undefined],
    ['local', 0x101, false],
    ['remote', 0x301, true],
    ['unknown, although the second bit is set', 0x201, undefined],
  ])('knows from the flags whether its parent is remote: %s', (_name, flags, isRemote) => {
    const span = spanOf(field(4, [1, 2, 3, 4, 5, 6, 7, 8]), fixed32Field(16, flags));
    expect(span.parentSpanContext).toEqual({
      traceId: '',
      spanId: '0102030405060708',
      traceFlags: 1,
      isRemote,
    });
    expect(span.spanContext()).toStrictEqual({ traceId: '', spanId: '', traceFlags: 1 });
  });

  it('has no parent when the wire names none', () => {
    expect('parentSpanContext' in spanOf(fixed32Field(16, 0x101))).toBe(false);
  });

  it('never has a negative duration', () => {
    const span = spanOf(fixed64Field(7, 5_000_000_001n), fixed64Field(8, 3_000_000_000n));
    expect([span.startTime, span.endTime, span.duration]).toEqual([
      [5, 1],
      [3, 0],
      [0, 0],
    ]);
  });

  it('keeps nanoseconds exact', () => {
    const span = spanOf(
      fixed64Field(7, 1_700_000_000_123_456_789n),
      fixed64Field(8, 1_700_000_001_000_000_001n),
    );
    expect([span.startTime, span.duration]).toEqual([
      [1_700_000_000, 123_456_789],
      [0, 876_543_212],
    ]);
  });

  it('shows integers as numbers where a number is exact, else as bigint', () => {
    const { attributes } = spanOf(
      attributeField(9, 'exact', varintField(3, Number.MAX_SAFE_INTEGER)),
      attributeField(9, 'large', varintField(3, 2n ** 53n)),
      attributeField(9, 'odd', varintField(3, 2n ** 53n + 1n)),
      attributeField(9, 'small', varintField(3, -(2n ** 63n))),
    );
    expect(attributes).toEqual({
      ...{ exact: Number.MAX_SAFE_INTEGER, large: 2 ** 53, odd: 2n ** 53n + 1n, small: -(2 ** 63) },
    });
  });

  it('keeps the last value of a repeated key', () => {
    const span = spanOf(
      attributeField(9, 'key', varintField(3, 1)),
      attributeField(9, 'key', varintField(3, 2)),
    );
    expect(span.attributes).toEqual({ key: 2 });
  });

  it('shows attributes as a plain object, equal to a literal in a strict comparison', () => {
    expect(spanOf(attributeField(9, 'key', field(1, 'value'))).attributes).toStrictEqual({ key: 'value' });
  });
});

describe('a key named __proto__', () => {
  it('is an attribute like any other and changes no prototype', () => {
    const polluted = field(6, attributeField(1, 'polluted', varintField(2, 1)));
    const hostile = (number: number) => attributeField(number, '__proto__', polluted);
    const bytes = Uint8Array.from(
      field(
        1,
        field(1, hostile(1)),
        field(
          2,
          field(1, field(1, 'scope'), hostile(3)),
          field(
            2,
            hostile(9),
            attributeField(9, 'nested', field(6, hostile(1))),
            attributeField(9, 'constructor', field(6, attributeField(1, 'prototype', polluted))),
            field(11, hostile(3)),
            field(13, hostile(4)),
          ),
        ),
      ),
    );
    const [span] = decoded(bytes);
    const { nested } = span.attributes as unknown as { nested: object };
    const scopeAttributes = span.instrumentationScope.attributes as object;
    const merged = span.resource.merge(resourceFromAttributes({})).attributes;
    const everywhere = [span.attributes, nested, scopeAttributes, span.resource.attributes, merged];
    for (const object of [...everywhere, span.events[0].attributes, span.links[0].attributes]) {
      expect(Object.getPrototypeOf(object)).toBe(Object.prototype);
      expect(Object.getOwnPropertyDescriptor(object, '__proto__')?.value).toEqual({ polluted: true });
    }
    expect('polluted' in {}).toBe(false);
  });
});

describe('a decoded resource', () => {
  const resource = decoded(
    Uint8Array.from(
      field(
        1,
        field(1, attributeField(1, 'a', field(1, 'ours')), attributeField(1, 'b', field(1, 'ours'))),
        field(2, field(2)),
        field(3, 'schema:ours'),
      ),
    ),
  )[0].resource;

  it('merges with an upstream resource in both directions, the argument winning', () => {
    const other = resourceFromAttributes({ b: 'theirs', c: 'theirs' });
    expect(resource.merge(other).attributes).toEqual({ a: 'ours', b: 'theirs', c: 'theirs' });
    expect(other.merge(resource).attributes).toEqual({ a: 'ours', b: 'ours', c: 'theirs' });
    expect(resource.merge(null)).toBe(resource);
  });

  it.each([
    [undefined, 'schema:ours'],
    ['schema:ours', 'schema:ours'],
    ['schema:theirs', undefined],
  ])('merged with schema %s has schema %s', (schemaUrl, expected) => {
    expect(resource.merge(resourceFromAttributes({}, { schemaUrl })).schemaUrl).toBe(expected);
  });

  it('waits for attributes another resource still waits for, and survives their failure', async () => {
    const other = resourceFromAttributes({
      late: Promise.resolve('here'),
      lost: Promise.reject(new Error('no such detector')),
      a: 'theirs',
    });
    const merged = resource.merge(other);
    expect(merged.asyncAttributesPending).toBe(true);
    expect(merged.attributes).toEqual({ a: 'theirs', b: 'ours' });
    await merged.waitForAsyncAttributes?.();
    expect(merged.asyncAttributesPending).toBe(false);
    expect(merged.attributes).toEqual({ a: 'theirs', b: 'ours', late: 'here' });
  });
});

describe('the public shapes', () => {
  it('are assignable to upstream 2.x and from it', () => {
    expectTypeOf<ReadableSpan>().toExtend<UpstreamReadableSpan>();
    expectTypeOf<UpstreamReadableSpan>().toExtend<ReadableSpan>();
    expectTypeOf<Resource>().toExtend<UpstreamResource>();
    expectTypeOf<UpstreamResource>().toExtend<Resource>();
    expectTypeOf<ExportResult>().toExtend<UpstreamExportResult>();
    expectTypeOf<UpstreamExportResult>().toExtend<ExportResult>();
    expectTypeOf<SpanExporter>().toExtend<UpstreamSpanExporter>();
    expectTypeOf<UpstreamSpanExporter>().toExtend<SpanExporter>();
  });
});
