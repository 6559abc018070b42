/** What of errors is recorded, by the `content` option. */
import { expect, test } from 'vitest';
import { enrichSpan } from '../../src/ai/enrich.ts';
import { trace } from '../../src/ai/trace.ts';
import { startTracing, stopTracingAfterEach } from '../helpers/ai-spans.ts';

stopTracingAfterEach();

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? String(member) : member));

test.each([
  ['all', true],
  ['metadata', true],
  ['none', false],
] as const)('content %s: whether messages of errors are recorded is %s', async (content, expected) => {
  const { one } = await startTracing({ content });
  const fail = trace(
    () => {
      throw new RangeError('quotes the prompt');
    },
    { name: 'fail' },
  );
  expect(fail).toThrow('quotes the prompt');
  const span = await one('fail');
  expect([span.status.code, textOf(span).includes('quotes the prompt')]).toEqual([2, expected]);
  expect(textOf(span.events)).toContain('RangeError');
});

test.each([
  ['all', true],
  ['none', false],
] as const)(
  'content %s: of an error that enrichSpan is given, its type, and its message: %s',
  async (content, expected) => {
    const { one } = await startTracing({ content });
    trace(() => enrichSpan({ error: new RangeError('quotes the prompt') }), { name: 'enriched' })();
    const span = await one('enriched');
    expect([span.status.code, textOf(span).includes('quotes the prompt')]).toEqual([2, expected]);
    expect(span.plain['error.type']).toBe('RangeError');
  },
);

test.each([
  [
    'a class that leaves `name` alone',
    new (class RateLimitError extends Error {})('slow down'),
    'RateLimitError',
  ],
  ['a name of its own', Object.assign(new Error('no'), { name: 'Refused' }), 'Refused'],
  ['no object', 'text', '_OTHER'],
  ['nothing', null, '_OTHER'],
])('error.type is the class: %s', async (_, thrown, type) => {
  const { one } = await startTracing();
  const fail = trace(
    () => {
      throw thrown;
    },
    { name: 'fail' },
  );
  expect(fail).toThrow();
  expect((await one('fail')).plain['error.type']).toBe(type);
});

test('a member that cannot be read costs no other', async () => {
  const { one } = await startTracing();
  const broken = {
    get inner() {
      throw new Error('no');
    },
    beside: [1, { deep: true }],
  };
  trace(() => ({ broken, plain: 'text' }), { name: 'read' })();
  const output = JSON.parse(String((await one('read')).plain['output.value']));
  expect(output).toEqual({
    broken: { inner: '[Unreadable: Error: no]', beside: [1, { deep: true }] },
    plain: 'text',
  });
});
