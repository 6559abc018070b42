/** Resource SDK specification, on the wire, in both span modes. */
import { describe, expect, test } from 'vitest';
import { defaultResource, resourceFromAttributes } from '../../src/api/resource.ts';
import { detectResources, type ResourceDetector } from '../../src/api/resource-detector.ts';
import * as otel from '../../src/otel.ts';
import { MODES, recordIn } from '../helpers/api-modes.ts';
import { captureWarnings, plainAttributes } from '../helpers/api-recorder.ts';

const lines = captureWarnings();
const SCHEMA = /^https:\/\/opentelemetry\.io\/schemas\/1\.\d+\.\d+$/;

describe.each(MODES)('in %s mode', (mode) => {
  test('resource and scope travel with their schema URLs, the resource beyond any span limit', () => {
    const attributes = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [`a${index}`, 'x'.repeat(9)]),
    );
    const resource = resourceFromAttributes(attributes, { schemaUrl: 'https://example.com/resource' });
    const spanLimits = { attributeCountLimit: 1, attributeValueLengthLimit: 1 };
    const { exporter, provider } = recordIn(mode, { resource, spanLimits });
    provider.getTracer('t', '1', { schemaUrl: 'https://example.com/scope' }).startSpan('s').end();
    const [sent] = exporter.requests[0].resourceSpans;
    expect(sent.schemaUrl).toBe('https://example.com/resource');
    expect(sent.scopeSpans.map(({ schemaUrl }) => schemaUrl)).toEqual(['https://example.com/scope']);
    expect(plainAttributes(sent.resource.attributes)).toEqual(attributes);
  });
});

test.each<[string, ResourceDetector]>([
  ['host', otel.hostDetector],
  ['os', otel.osDetector],
  ['process', otel.processDetector],
  ['service instance', otel.serviceInstanceIdDetector],
])('the %s detector names the schema that its attributes follow, and a merge keeps it', (_, detector) => {
  const { schemaUrl } = detectResources({ detectors: [detector] });
  expect(schemaUrl).toMatch(SCHEMA);
  const all = detectResources({
    detectors: [detector, otel.hostDetector, otel.osDetector, otel.envDetector],
  });
  expect(defaultResource().merge(all).schemaUrl).toBe(schemaUrl);
  expect(lines).toEqual([]);
});

test('the detector of the environment names none: it does not know what it finds', () => {
  expect(detectResources({ detectors: [otel.envDetector] }).schemaUrl).toBeUndefined();
});
