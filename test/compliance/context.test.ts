/** Context specification, through the API as a program uses it, in both span modes. */
import { context, createContextKey, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { afterEach, describe, expect, test } from 'vitest';
import { MODES, recordIn } from '../helpers/api-modes.ts';
import { captureWarnings } from '../helpers/api-recorder.ts';

captureWarnings();

afterEach(() => {
  trace.disable();
  context.disable();
});

describe.each(MODES)('in %s mode', (mode) => {
  function registered() {
    const recorder = recordIn(mode);
    recorder.provider.register();
    return recorder;
  }

  test('a key is made by its name, and its value is in the context that was made with it, and in no other', () => {
    const { tracer } = registered();
    const [one, two] = [createContextKey('one'), createContextKey('two')];
    const withSpan = trace.setSpan(ROOT_CONTEXT, tracer.startSpan('s'));
    const withValue = withSpan.setValue(one, 'value');
    expect([withValue.getValue(one), withValue.getValue(two)]).toEqual(['value', undefined]);
    expect([withSpan.getValue(one), ROOT_CONTEXT.getValue(one)]).toEqual([undefined, undefined]);
    expect(withValue.deleteValue(one).getValue(one)).toBeUndefined();
    expect(trace.getSpan(withValue)).toBe(trace.getSpan(withSpan));
  });

  test('a context is current in the function it is attached for, and detached after it, however it ends', () => {
    registered();
    const key = createContextKey('key');
    const outer = ROOT_CONTEXT.setValue(key, 'outer');
    const current = () => context.active().getValue(key);
    const seen = context.with(outer, () => {
      const inner = context.with(outer.setValue(key, 'inner'), current);
      return [inner, current()];
    });
    expect(seen).toEqual(['inner', 'outer']);
    const fail = () =>
      context.with(outer, () => {
        throw new Error('mine');
      });
    expect(fail).toThrow('mine');
    expect(context.active()).toBe(ROOT_CONTEXT);
  });

  test('the active span is the one that was made active last, across await, and none at the end', async () => {
    const { tracer } = registered();
    const outer = tracer.startSpan('outer');
    expect(trace.getActiveSpan()).toBeUndefined();
    await context.with(trace.setSpan(context.active(), outer), async () => {
      expect(trace.getActiveSpan()).toBe(outer);
      await tracer.startActiveSpan('inner', async (inner) => {
        await Promise.resolve();
        expect(trace.getActiveSpan()).toBe(inner);
      });
      expect(trace.getActiveSpan()).toBe(outer);
    });
    expect(trace.getActiveSpan()).toBeUndefined();
  });
});
