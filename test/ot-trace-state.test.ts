import { createTraceState } from '@opentelemetry/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readOtTraceState, traceRandomness, writeOtTraceState } from '../src/api/ot-trace-state.ts';
import { TraceState } from '../src/api/trace-state.ts';
import { captureWarnings } from './helpers/api-recorder.ts';

const lines = captureWarnings();
const read = (entry: string) => readOtTraceState(new TraceState(`ot=${entry}`));
const NOTHING = { threshold: -1n, randomness: undefined, others: [] };

test.each([
  ['th:c', { threshold: 0xc0000000000000n }],
  ['th:0', { threshold: 0n }],
  ['th:fd70a3d70a3d71', { threshold: 0xfd70a3d70a3d71n }],
  ['th:00c', { threshold: 0x00c00000000000n }],
  ['rv:6e6d1a75832a2f', { randomness: '6e6d1a75832a2f' }],
  ['rv:00000000000000', { randomness: '00000000000000' }],
  ['rv:6e6d1a75832a2f;th:8', { threshold: 0x80000000000000n, randomness: '6e6d1a75832a2f' }],
  ['p:8;th:8;r:62', { threshold: 0x80000000000000n, others: ['p:8', 'r:62'] }],
  ['p:8;k1:a.b_C-d;e:', { others: ['p:8', 'k1:a.b_C-d', 'e:'] }],
  ['thx:1;rvx:2;t:3', { others: ['thx:1', 'rvx:2', 't:3'] }],
])('%s is read', (entry, expected) => {
  expect(read(entry)).toEqual({ ...NOTHING, ...expected });
});

test.each([
  ...['th:', 'th:g', 'th:C', 'th: c', 'th:-1', 'th:0x1', 'th:1.5', 'th:100000000000000', 'th:c:8'],
  ...[
    'rv:',
    'rv:6e6d1a75832a2',
    'rv:6e6d1a75832a2f0',
    'rv:6E6D1A75832A2F',
    'rv:6e6d1a75832a2g',
    'rv:-e6d1a75832a2f',
  ],
  ...['th', 'th:8 ;', ';;', 'TH:8', 'P:8', '1k:8', ':8', 'p:a b', 'p:a:b', 'p'],
])('%j is malformed, and ignored, what stands beside it is not', (member) => {
  expect(read(member)).toEqual(NOTHING);
  expect(read(`th:8;${member};x:1`).others).toEqual(['x:1']);
});

test('an entry over 256 characters, which only a foreign trace state can hold, is ignored', () => {
  const foreign = (entry: string) => ({ ...createTraceState(), get: () => entry });
  const entry = (length: number) => `th:8;x:${'y'.repeat(length - 7)}`;
  expect(readOtTraceState(foreign(entry(256))).threshold).toBe(0x80000000000000n);
  expect(readOtTraceState(foreign(entry(257)))).toEqual(NOTHING);
});

test('a trace without an entry has nothing', () => {
  expect(readOtTraceState(undefined)).toEqual(NOTHING);
  expect(readOtTraceState(new TraceState('vendor=1'))).toEqual(NOTHING);
});

test('explicit randomness beats the trace id', () => {
  const traceId = `${'a'.repeat(18)}11111111111111`;
  expect(traceRandomness(NOTHING, traceId)).toBe('11111111111111');
  expect(traceRandomness({ ...NOTHING, randomness: '00000000000002' }, traceId)).toBe('00000000000002');
});

const value = fc.stringMatching(/^[A-Za-z0-9._-]{0,20}$/);
const key = fc.stringMatching(/^[a-z][a-z0-9]{0,4}$/).filter((text) => text !== 'th' && text !== 'rv');
const states = fc.record({
  threshold: fc.oneof(fc.constant(-1n), fc.constant(0n), fc.bigInt({ min: 0n, max: (1n << 56n) - 1n })),
  randomness: fc.option(fc.stringMatching(/^[0-9a-f]{14}$/), { nil: undefined }),
  others: fc.array(
    fc.tuple(key, value).map((pair) => pair.join(':')),
    { maxLength: 8 },
  ),
});

test('what is written is read again, beside the entries of others, in either trace state', () => {
  fc.assert(
    fc.property(states, fc.constantFrom(TraceState, createTraceState), (state, make) => {
      const before =
        make === TraceState ? new TraceState('a=1,ot=th:1,b=2') : createTraceState('a=1,ot=th:1,b=2');
      const after = writeOtTraceState(before, state);
      expect([after?.get('a'), after?.get('b')]).toEqual(['1', '2']);
      expect(readOtTraceState(after)).toEqual(state);
      expect(before.get('ot')).toBe('th:1');
    }),
  );
});

test('with nothing to say there is no entry, and without a change the trace state is the same', () => {
  expect(writeOtTraceState(undefined, NOTHING)).toBe(undefined);
  expect(writeOtTraceState(new TraceState('a=1,ot=th:c'), NOTHING)?.serialize()).toBe('a=1');
  const kept = new TraceState('a=1,ot=th:8');
  expect(writeOtTraceState(kept, { ...NOTHING, threshold: 1n << 55n })).toBe(kept);
});

test('a threshold that finds no room within 256 characters is left out, said once, and the others stay', () => {
  const longest = (length: number) => [`x:${'y'.repeat(length - 2)}`];
  const write = (others: string[]) =>
    writeOtTraceState(new TraceState('ot=th:8'), { ...NOTHING, threshold: 0n, others });
  const fits = write(longest(251))?.get('ot');
  expect(fits).toHaveLength(256);
  expect(fits).toMatch(/^th:0;x:y+$/);
  expect(lines).toEqual([]);
  for (const length of [252, 256]) expect(write(longest(length))?.get('ot')).toBe(longest(length)[0]);
  expect(lines).toEqual([expect.stringMatching(/threshold is left out/)]);
});
