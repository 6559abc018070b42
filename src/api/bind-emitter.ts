/** Binds the listeners of an event emitter to the context in which the emitter was bound. */
import type { Context, ContextManager } from '@opentelemetry/api';

type Listener = (...args: unknown[]) => unknown;
type Method = (this: Emitter, event: string | symbol, listener: Listener) => unknown;

interface Emitter {
  on: Method;
  removeListener: Method;
  [method: string]: unknown;
}

const ADDERS = ['addListener', 'on', 'once', 'prependListener', 'prependOnceListener'] as const;
const REMOVERS = ['removeListener', 'off'] as const;
const BOUND = Symbol.for('spandrel.bound-emitter');

export function isEmitter(target: unknown): target is Emitter {
  const candidate = target as Partial<Emitter> | null;
  return typeof candidate?.on === 'function' && typeof candidate.removeListener === 'function';
}

/**
 * Replaces the methods that add and remove listeners by ones that bind and find the bound listener. An emitter
 * is bound once; a second context does not change it.
 */
export function bindEmitter(manager: ContextManager, context: Context, emitter: Emitter): Emitter {
  const marked = emitter as unknown as Record<symbol, boolean>;
  if (marked[BOUND]) return emitter;
  marked[BOUND] = true;
  const boundListeners = new WeakMap<Listener, Listener>();
  for (const name of ADDERS) {
    const original = emitter[name];
    if (typeof original !== 'function') continue;
    emitter[name] = function (this: Emitter, event: string | symbol, listener: Listener): unknown {
      if (typeof listener !== 'function' || isBoundListener(listener))
        return original.call(this, event, listener);
      const bound = boundListeners.get(listener) ?? manager.bind(context, listener);
      boundListeners.set(listener, bound);
      isBound.add(bound);
      return original.call(this, event, bound);
    };
  }
  for (const name of REMOVERS) {
    const original = emitter[name];
    if (typeof original !== 'function') continue;
    emitter[name] = function (this: Emitter, event: string | symbol, listener: Listener): unknown {
      return original.call(this, event, boundListeners.get(listener) ?? listener);
    };
  }
  return emitter;
}

const isBound = new WeakSet<Listener>();

/** Node's `once` hands a wrapper with a `listener` member to `on` of the same emitter: it is not bound again. */
function isBoundListener(listener: Listener & { listener?: Listener }): boolean {
  return isBound.has(listener) || (listener.listener !== undefined && isBound.has(listener.listener));
}
