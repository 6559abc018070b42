/**
 * Context: a frame for the active span, and the manager that carries the active context over
 * `AsyncLocalStorage`. The API's own context copies a Map for each value set; a frame that holds the span and
 * answers `getValue` is enough for the one value that changes with every span.
 */

import {
  type Attributes,
  type Context,
  type ContextManager,
  createContextKey,
  ROOT_CONTEXT,
  type Span,
} from '@opentelemetry/api';
import { carryContextBy } from '../export/suppressed-context.ts';
import { AsyncLocalStorage } from './async-storage.ts';
import { bindEmitter, isEmitter } from './bind-emitter.ts';
import { isTracingSuppressed } from './suppress-tracing.ts';

// createContextKey is Symbol.for: this is the key that the API uses.
const SPAN_KEY = createContextKey('OpenTelemetry Context Key SPAN');

/** Attributes that every span gets which is started in a context; never changed. */
export interface SharedAttributes {
  /** Those that keep their place where a span has more attributes than it may have, such as the session's id. */
  readonly core: Attributes;
  readonly other: Attributes;
}

const SHARED_KEY = createContextKey('spandrel shared attributes');

/** A context with another active span. `base` is never a frame itself, so look-ups do not grow with depth. */
export class SpanFrame implements Context {
  readonly span: Span;
  readonly base: Context;
  /** Whether tracing is suppressed in this context. */
  readonly suppressed: boolean;
  /** What every span started in this context gets. */
  readonly shared: SharedAttributes | undefined;
  /** What a layer above keeps for the calls in this context; a frame made from this one hands it on. */
  readonly layer: object | undefined;

  constructor(parent: Context, span: Span, layer: object | undefined = layerOf(parent)) {
    const isFrame = parent instanceof SpanFrame;
    this.span = span;
    this.base = isFrame ? parent.base : parent;
    this.suppressed = isFrame ? parent.suppressed : isSuppressed(parent);
    this.shared = sharedAttributesOf(parent);
    this.layer = layer;
  }

  getValue(key: symbol): unknown {
    return key === SPAN_KEY ? this.span : this.base.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    if (key === SPAN_KEY) return new SpanFrame(this, value as Span);
    return new SpanFrame(this.base.setValue(key, value), this.span, this.layer);
  }

  deleteValue(key: symbol): Context {
    if (key === SPAN_KEY) return this.base.deleteValue(key);
    return new SpanFrame(this.base.deleteValue(key), this.span, this.layer);
  }
}

/** What a layer above keeps in a context, by the third argument of the frame. */
export function layerOf(context: Context): object | undefined {
  return context instanceof SpanFrame ? context.layer : undefined;
}

/**
 * A context that is another one until it is switched on, and again when it is switched off. It is what callbacks make active
 * that cannot enclose the work they tell of: whoever called that work, and goes on, may have it as well.
 */
export class SwitchedFrame extends SpanFrame {
  private readonly off: SpanFrame;
  private readonly on: SpanFrame;

  constructor(off: Context, on: SpanFrame) {
    super(off, spanOf(off) as Span);
    this.off = new SpanFrame(off, this.span);
    this.on = on;
  }

  switch(isOn: boolean): void {
    const { span, base, suppressed, shared, layer } = isOn ? this.on : this.off;
    Object.assign(this, { span, base, suppressed, shared, layer });
  }
}

/** Whether spans started in this context must not record: the SDK's own requests run in such a one. */
export function isSuppressed(context: Context): boolean {
  if (context === ROOT_CONTEXT) return false;
  if (context instanceof SpanFrame) return context.suppressed;
  return isTracingSuppressed(context);
}

/** The attributes of every span started in a context, by `withSharedAttributes`. */
export function sharedAttributesOf(context: Context): SharedAttributes | undefined {
  if (context === ROOT_CONTEXT) return undefined;
  return context instanceof SpanFrame
    ? context.shared
    : (context.getValue(SHARED_KEY) as SharedAttributes | undefined);
}

/** A context in which every span that is started gets these attributes, and those that it got in `context` already. */
export function withSharedAttributes(
  context: Context,
  { core = {}, other = {} }: Partial<SharedAttributes>,
): Context {
  const before = sharedAttributesOf(context);
  return context.setValue(SHARED_KEY, {
    core: merged(before?.core, core, other),
    other: merged(before?.other, other, core),
  });
}

/** Each name once: what is said last of it counts, wherever it was before. */
function merged(before: Attributes | undefined, added: Attributes, elsewhere: Attributes): Attributes {
  const attributes = { ...before, ...added };
  for (const key of Object.keys(elsewhere)) {
    if (!Object.hasOwn(added, key)) delete attributes[key];
  }
  return attributes;
}

/** The active span of a context, of whatever SDK. */
export function spanOf(context: Context): Span | undefined {
  if (context === ROOT_CONTEXT) return undefined;
  return context instanceof SpanFrame ? context.span : (context.getValue(SPAN_KEY) as Span | undefined);
}

/** The context without its span. */
export function withoutSpan(context: Context): Context {
  return context instanceof SpanFrame ? context.base.deleteValue(SPAN_KEY) : context.deleteValue(SPAN_KEY);
}

/** Carries the active context through calls, promises, timers and callbacks, over `AsyncLocalStorage`. */
export class AsyncLocalStorageContextManager implements ContextManager {
  private readonly storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    const call = thisArg === undefined || thisArg === null ? fn : (fn.bind(thisArg) as F);
    return this.storage.run(context, call, ...args) as ReturnType<F>;
  }

  /** Binds a function, or the listeners that an event emitter gets from now on; returns anything else as it is. */
  bind<T>(context: Context, target: T): T {
    if (typeof target === 'function') return this.bindFunction(context, target as never) as T;
    return isEmitter(target) ? (bindEmitter(this, context, target) as T) : target;
  }

  /**
   * Makes `context` the active one from here on, until the token is disposed: then the one that was active here
   * is active again, where `dispose` is called. For callbacks that `with` cannot enclose, such as a pair of hooks;
   * prefer `with`. In an async function, before its first `await`, the caller sees the context too. A second
   * `dispose` does nothing. The API calls this from 1.10 on.
   */
  attach(context: Context): { dispose(): void } {
    const { storage } = this;
    const previous = this.active();
    storage.enterWith(context);
    let attached = true;
    return {
      dispose() {
        if (attached) storage.enterWith(previous);
        attached = false;
      },
    };
  }

  private bindFunction<F extends (...args: unknown[]) => unknown>(context: Context, target: F): F {
    const { storage } = this;
    const bound = function (this: unknown, ...args: unknown[]): unknown {
      return storage.run(context, () => target.apply(this, args));
    };
    Object.defineProperty(bound, 'length', { value: target.length, configurable: true });
    return bound as unknown as F;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.storage.disable();
    return this;
  }
}

const API_GLOBAL = Symbol.for('opentelemetry.js.api.1');

/** Carries context where no manager is registered with the API. */
export const ownContextManager = new AsyncLocalStorageContextManager();

let api: { readonly context?: ContextManager } | undefined;

/** The API makes its global object once and only changes its members, so a look-up that found it is the last. */
function registeredManager(): ContextManager | undefined {
  api ??= (globalThis as Record<symbol, typeof api>)[API_GLOBAL];
  return api?.context;
}

/** The active context. Asks the manager itself: the way through the API costs a version check a call. */
export function activeContext(): Context {
  return (registeredManager() ?? ownContextManager).active();
}

/** Calls `fn` with `context` active. */
export function withContext<R>(context: Context, fn: () => R): R {
  return (registeredManager() ?? ownContextManager).with(context, fn) as R;
}

/**
 * Makes `context` active from here on, until the token is disposed, for callbacks that `withContext` cannot enclose;
 * `undefined` where the manager in force cannot: from 1.10 on the API has it.
 */
export function attachContext(context: Context): { dispose(): void } | undefined {
  const manager = registeredManager() ?? ownContextManager;
  return (manager as { attach?: AsyncLocalStorageContextManager['attach'] }).attach?.call(manager, context);
}

carryContextBy(withContext);
