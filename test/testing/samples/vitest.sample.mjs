import { captureTraces, matchers } from 'spandrel/testing';
import { expect, test } from 'vitest';
import { agent } from './agent.mjs';

expect.extend(matchers);

test('passes', async () => {
  const traces = await captureTraces(() => agent('bees'));
  expect(traces).toHaveSpan('search', { type: 'tool', inputs: 'bees', parent: 'agent' });
  expect(traces).toHaveSpan('search', { outputs: expect.arrayContaining([expect.stringContaining('bees')]) });
  expect(traces).toHaveSpan('look up', { parent: 'search' });
  expect(traces).not.toHaveSpan('search', { inputs: 'tides' });
  expect(traces).toHaveNoErrors();
  expect(traces).toUseFewerTokensThan(20);
});
test('fails: toHaveSpan', async () => {
  expect(await captureTraces(() => agent('bees'))).toHaveSpan('search', { outputs: ['notes on tides'] });
});
test('fails: not.toHaveSpan', async () => {
  expect(await captureTraces(() => agent('bees'))).not.toHaveSpan('search');
});
test('fails: toHaveNoErrors', async () => {
  expect(await captureTraces(() => agent(''))).toHaveNoErrors();
});
test('fails: toUseFewerTokensThan', async () => {
  expect(await captureTraces(() => agent('bees'))).toUseFewerTokensThan(10);
});
