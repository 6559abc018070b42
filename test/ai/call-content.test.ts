/** The `content` option of a single call: the words of `init`, and what nobody understands. */
import { expect, test } from 'vitest';
import { enrichSpan } from '../../src/ai/enrich.ts';
import { trace } from '../../src/ai/trace.ts';
import type { TraceOptions } from '../../src/ai/trace-options.ts';
import type { InitOptions } from '../../src/init.ts';
import { startTracing, stopTracingAfterEach } from '../helpers/ai-spans.ts';
import { captureWarnings } from '../helpers/api-recorder.ts';

const warnings = captureWarnings();
stopTracingAfterEach();

const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? String(member) : member));

/** Whether what went in, and what the error says, is in the span of a call that fails. */
async function recorded(options: InitOptions, content: unknown): Promise<[boolean, boolean]> {
  const { one } = await startTracing(options);
  const fail = trace(
    (_: string) => {
      enrichSpan({ outputs: 'the prompt' });
      throw new Error('the error');
    },
    { name: 'fail', content: content as TraceOptions['content'] },
  );
  expect(() => fail('the prompt')).toThrow('the error');
  const text = textOf(await one('fail'));
  return [text.includes('the prompt'), text.includes('the error')];
}

test.each<[InitOptions['content'], unknown, [boolean, boolean]]>([
  ['all', 'none', [false, false]],
  ['all', 'metadata', [false, true]],
  ['all', false, [false, true]],
  ['none', 'all', [true, true]],
  ['none', 'metadata', [false, true]],
  ['none', true, [true, false]],
  ['none', false, [false, false]],
])('init %s, the call %s: input and error are recorded: %s', async (content, ofCall, expected) => {
  expect(await recorded({ content }, ofCall)).toEqual(expected);
});

test('a word that is none captures nothing, and is said', async () => {
  expect(await recorded({}, 'off')).toEqual([false, false]);
  expect(warnings.filter((line) => line.includes('content of a traced function'))).toHaveLength(1);
});
