import { resourceFromAttributes as upstreamResource } from '@opentelemetry/resources';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { resourceFromAttributes } from '../src/api/resource.ts';
import { MODES, recordIn } from './helpers/api-modes.ts';
import {
  captureWarnings,
  plainAttributes,
  record,
  recordBatches,
  type WireRecorder,
} from './helpers/api-recorder.ts';

const lines = captureWarnings();

const resourceOf = (exporter: WireRecorder): Record<string, unknown> =>
  plainAttributes(exporter.requests[0].resourceSpans[0].resource.attributes);

describe('the resource', () => {
  test('is that of opentelemetry-js as well as ours', () => {
    const { exporter, tracer } = record({
      resource: upstreamResource({ 'service.name': 'theirs', n: 5 }) as never,
    });
    tracer.startSpan('s').end();
    const { attributes } = exporter.requests[0].resourceSpans[0].resource;
    expect(plainAttributes(attributes)).toEqual({ 'service.name': 'theirs', n: 5 });
  });

  test('names the SDK by default', () => {
    const { exporter, tracer } = record();
    tracer.startSpan('s').end();
    const attributes = plainAttributes(exporter.requests[0].resourceSpans[0].resource.attributes);
    expect(attributes).toMatchObject({
      'telemetry.sdk.name': 'spandrel',
      'telemetry.sdk.language': 'nodejs',
    });
    expect(attributes['service.name']).toMatch(/^unknown_service/);
  });
});

describe.each(MODES)('in %s mode a resource of another make', (mode) => {
  const refuse = (): never => {
    throw new Error('down');
  };
  const throwing = (members: object, ...names: string[]) =>
    names.reduce((object, name) => Object.defineProperty(object, name, { get: refuse }), { ...members });

  test.each([
    ['attributes', { schemaUrl: 'https://u/1' }, 'https://u/1', {}],
    ['schemaUrl', { attributes: { a: 1 } }, '', { a: 1 }],
    ['asyncAttributesPending', { attributes: { a: 1 } }, '', { a: 1 }],
    ['waitForAsyncAttributes', { attributes: { a: 1 }, asyncAttributesPending: true }, '', { a: 1 }],
  ])(
    'whose %s throws is named once, and spans are sent with the rest',
    async (name, rest, url, attributes) => {
      const { exporter, provider, tracer } = recordIn(mode, { resource: throwing(rest, name) as never });
      tracer.startSpan('a').end();
      tracer.startSpan('b').end();
      await provider.forceFlush();
      expect(exporter.spans.map((span) => span.name)).toEqual(['a', 'b']);
      const [{ resource, schemaUrl }] = exporter.requests[0].resourceSpans;
      expect([plainAttributes(resource.attributes), schemaUrl]).toEqual([attributes, url]);
      expect(lines).toEqual([
        expect.stringMatching(`the resource cannot be read: its ${name} threw down; spans are sent`),
      ]);
    },
  );

  test.each(['attributes', 'schemaUrl'])('whose %s are null or a number has none', async (name) => {
    for (const value of [null, 5]) {
      const { exporter, provider, tracer } = recordIn(mode, { resource: { [name]: value } as never });
      tracer.startSpan('s').end();
      await provider.forceFlush();
      expect(exporter.requests[0].resourceSpans[0]).toMatchObject({
        resource: { attributes: [] },
        schemaUrl: '',
      });
    }
  });
});

describe('a resource with attributes on the way', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  });

  afterEach(() => {
    vi.useRealTimers();
  });

  test('holds spans back until they are there, and then sends them with it', async () => {
    let arrive: (value: string) => void = () => {};
    const late = new Promise<string>((resolve) => {
      arrive = resolve;
    });
    const { exporter, provider, tracer } = record({ resource: resourceFromAttributes({ a: 1, late }) });
    tracer.startSpan('early').end();
    await vi.advanceTimersByTimeAsync(100);
    expect(exporter.requests).toEqual([]);
    expect(provider.stats()).toMatchObject({ waiting: 1, exported: 0 });
    arrive('here');
    await vi.advanceTimersByTimeAsync(0);
    expect(exporter.spans.map(({ name }) => name)).toEqual(['early']);
    expect(resourceOf(exporter)).toMatchObject({ a: 1, late: 'here' });
    tracer.startSpan('later').end();
    expect(exporter.spans.map(({ name }) => name)).toEqual(['early', 'later']);
  });

  test.each([
    ['never come', () => new Promise<string>(() => {})],
    ['fail', () => Promise.reject(new Error('detector'))],
  ])('that %s does not hold them for ever', async (_, make) => {
    const resource = resourceFromAttributes({ a: 1, late: make() });
    const { exporter, tracer } = recordBatches({ scheduledDelayMillis: 10 }, { resource });
    tracer.startSpan('s').end();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(exporter.spans.map(({ name }) => name)).toEqual(['s']);
    expect(resourceOf(exporter)).toEqual({ a: 1 });
  });
});
