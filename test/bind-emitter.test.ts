import { EventEmitter } from 'node:events';
import { createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { beforeEach, describe, expect, test } from 'vitest';
import { isEmitter } from '../src/api/bind-emitter.ts';
import { AsyncLocalStorageContextManager } from '../src/api/context.ts';

const KEY = createContextKey('bound');
const manager = new AsyncLocalStorageContextManager();
const bound = ROOT_CONTEXT.setValue(KEY, 'bound');
const other = ROOT_CONTEXT.setValue(KEY, 'other');

let emitter: EventEmitter;
let seen: unknown[];
const listener = (): void => void seen.push(manager.active().getValue(KEY));

beforeEach(() => {
  emitter = manager.bind(bound, new EventEmitter());
  seen = [];
});

const emit = (): void => {
  manager.with(other, () => emitter.emit('event', 1, 2));
};

test.each(['on', 'addListener', 'once', 'prependListener', 'prependOnceListener'] as const)(
  'a listener added by %s runs in the context of the emitter',
  (method) => {
    expect(emitter[method]('event', listener)).toBe(emitter);
    emit();
    emit();
    expect(seen).toEqual(method.toLowerCase().includes('once') ? ['bound'] : ['bound', 'bound']);
  },
);

test.each([
  ['on', 'removeListener'],
  ['on', 'off'],
  ['once', 'removeListener'],
  ['once', 'off'],
  ['prependListener', 'off'],
  ['prependOnceListener', 'off'],
] as const)('a listener added by %s is found again by %s', (add, remove) => {
  emitter[add]('event', listener);
  emitter[remove]('event', listener);
  emit();
  expect(seen).toEqual([]);
  expect(emitter.listenerCount('event')).toBe(0);
});

test('removeAllListeners removes them all, and a listener may come back', () => {
  emitter.on('event', listener).once('event', listener);
  emitter.removeAllListeners('event');
  emit();
  expect(seen).toEqual([]);
  emitter.on('event', listener);
  emit();
  expect(seen).toEqual(['bound']);
});

test('order, arguments, this and symbols as event names are those of the emitter', () => {
  const calls: unknown[] = [];
  const event = Symbol('event');
  emitter.on(event, function (this: unknown, ...args: unknown[]) {
    calls.push(['first', this === emitter, ...args]);
  });
  emitter.prependListener(event, () => calls.push('before'));
  emitter.emit(event, 1, 2);
  expect(calls).toEqual(['before', ['first', true, 1, 2]]);
});

test('one listener on two events, and twice on one, is removed as it was added', () => {
  emitter.on('a', listener).on('event', listener).on('event', listener);
  emitter.off('event', listener);
  expect([emitter.listenerCount('a'), emitter.listenerCount('event')]).toEqual([1, 1]);
  emit();
  expect(seen).toEqual(['bound']);
});

test('listeners of before, and those never added, are left alone', () => {
  const plain = new EventEmitter();
  plain.on('event', listener);
  manager.bind(bound, plain);
  manager.with(other, () => plain.emit('event'));
  expect(seen).toEqual(['other']);
  plain.off('event', listener);
  plain.off('event', () => {});
  expect(plain.listenerCount('event')).toBe(0);
});

test('an emitter is bound once: the first context counts', () => {
  manager.bind(other, emitter);
  emitter.on('event', listener);
  emit();
  expect(seen).toEqual(['bound']);
});

test('a listener that is no function is refused as the emitter refuses it', () => {
  expect(() => emitter.on('event', 5 as never)).toThrow(/listener/);
});

test('a listener that throws throws out of emit, as without us', () => {
  const error = new Error('mine');
  emitter.on('event', () => {
    throw error;
  });
  expect(emit).toThrow(error);
});

describe('what counts as an emitter', () => {
  test('has on and removeListener', () => {
    expect([new EventEmitter(), { on() {}, removeListener() {} }].map(isEmitter)).toEqual([true, true]);
    expect([null, undefined, 5, {}, { on() {} }].map(isEmitter)).toEqual([false, false, false, false, false]);
  });

  test('may lack the other methods', () => {
    const added: ((...args: unknown[]) => void)[] = [];
    const small = {
      on: (_: string, one: (...args: unknown[]) => void) => void added.push(one),
      removeListener() {},
    };
    manager.bind(bound, small).on('x', listener);
    manager.with(other, () => added[0]());
    expect(seen).toEqual(['bound']);
  });
});
