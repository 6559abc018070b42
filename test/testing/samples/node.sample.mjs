import test from 'node:test';
import { assertFewerTokensThan, assertNoErrors, assertSpan, captureTraces } from 'spandrel/testing';
import { agent } from './agent.mjs';

test('passes', async () => {
  const traces = await captureTraces(() => agent('bees'));
  assertSpan(traces, 'search', { type: 'tool', inputs: 'bees', outputs: /bees/, parent: 'agent' });
  assertSpan(traces, 'look up', { parent: 'search' });
  assertNoErrors(traces);
  assertFewerTokensThan(traces, 20);
});
test('fails: toHaveSpan', async () => {
  assertSpan(await captureTraces(() => agent('bees')), 'search', { outputs: ['notes on tides'] });
});
test('fails: toHaveNoErrors', async () => {
  assertNoErrors(await captureTraces(() => agent('')));
});
test('fails: toUseFewerTokensThan', async () => {
  assertFewerTokensThan(await captureTraces(() => agent('bees')), 10);
});
