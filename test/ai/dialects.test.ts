/**
 * What each dialect puts on the wire, held against test/ai/golden/<dialect>.json, which a reader can review. After a
 * change that is meant: `SPANDREL_WRITE_GOLDEN=1 npx vitest run test/ai/dialects.test.ts`, then read the difference.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { SamplingDecision } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { enrichSpan } from '../../src/ai/enrich.ts';
import { withSession } from '../../src/ai/session.ts';
import { DIALECTS } from '../../src/ai/settings.ts';
import { traceModel, traceTool } from '../../src/ai/trace.ts';
import type { DialectName } from '../../src/config/dialect.ts';
import { startTracing, stopTracingAfterEach } from '../helpers/ai-spans.ts';
import { processorOf } from '../helpers/api-modes.ts';
import { type GoldenSpan, goldenOf, makeDialectSpans } from '../helpers/dialect-spans.ts';
import { renderDialects } from '../helpers/dialect-table.ts';

stopTracingAfterEach();

const names = Object.keys(DIALECTS) as DialectName[];
const writes = process.env.SPANDREL_WRITE_GOLDEN === '1';
const page = new URL('../../docs/dialects.md', import.meta.url);
const fileOf = (dialect: DialectName): URL => new URL(`golden/${dialect}.json`, import.meta.url);

function golden(dialect: DialectName): Record<string, GoldenSpan> {
  return JSON.parse(readFileSync(fileOf(dialect), 'utf8'));
}

describe.each(names)('%s', (dialect) => {
  test.each([
    { engine: 'wasm', mode: 'arena' },
    { engine: 'wasm', mode: 'plug-in' },
    { engine: 'ts', mode: 'arena' },
    { engine: 'ts', mode: 'plug-in' },
  ] as const)('is on the wire as its golden file says: $engine, $mode', async ({ engine, mode }) => {
    const { all } = await startTracing({
      dialect,
      engine,
      limits: { attributeValueLengthLimit: 600 },
      spanProcessors: mode === 'arena' ? [] : [processorOf()],
    });
    await makeDialectSpans();
    const received = goldenOf(await all());
    if (writes) writeFileSync(fileOf(dialect), `${JSON.stringify(received, null, 2)}\n`);
    expect(received).toEqual(golden(dialect));
  });

  test('shows the kind to samplers and to processors when a span starts', async () => {
    const seen: unknown[] = [];
    const key = Object.keys(DIALECTS[dialect].start('tool'))[0];
    const { one } = await startTracing({
      dialect,
      sampler: {
        shouldSample: (_context, _traceId, _name, _kind, attributes) => {
          seen.push(attributes[key]);
          return { decision: SamplingDecision.RECORD_AND_SAMPLED };
        },
      },
      spanProcessors: [processorOf({ onStart: (span) => seen.push(span.attributes[key]) })],
    });
    traceTool(() => 1, { name: 'tool' })();
    const { plain } = await one('tool');
    expect(seen).toEqual([plain[key], plain[key]]);
    expect(typeof plain[key]).toBe('string');
  });

  test('keeps kind, session, model, usage and outputs at the limit of attributes', async () => {
    const { one } = await startTracing({ dialect, limits: { attributeCountLimit: 24 } });
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`key ${index}`, index]));
    const call = traceModel(
      (_: string) => {
        enrichSpan({
          attributes: many,
          model: { model: 'loopback' },
          usage: { inputTokens: 1, outputTokens: 2 },
        });
        return 'the answer';
      },
      { name: 'call', attributes: many },
    );
    withSession({ sessionId: 's-1' }, () => call('the question'));
    const values = Object.values((await one('call')).plain).map(String);
    for (const value of ['loopback', 'the question', 'the answer', 's-1']) {
      expect(
        values.some((written) => written.includes(value)),
        value,
      ).toBe(true);
    }
    expect(Object.keys((await one('call')).plain)).toHaveLength(24);
  });
});

test('a golden file has every field, in every dialect', () => {
  for (const dialect of names) {
    const told = JSON.stringify(golden(dialect));
    for (const value of [
      'loopback-1',
      'response-1',
      's-1',
      'u-1',
      'beekeeper',
      'call-1',
      'd-1',
      't-1',
      'Bees',
    ]) {
      expect(told, dialect).toContain(value);
    }
    expect(JSON.stringify(golden(dialect)['content off'])).not.toContain('secret');
    expect(JSON.stringify(golden(dialect)['content off'])).not.toContain('bees');
  }
});

test('docs/dialects.md says the names that the code writes', () => {
  if (writes) writeFileSync(page, renderDialects());
  expect(readFileSync(page, 'utf8')).toBe(renderDialects());
});
