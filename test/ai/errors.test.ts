/** What of errors is recorded, by the `content` option. */
import { expect, test } from 'vitest';
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
