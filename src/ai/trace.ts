/** Traces functions: a span around each call, the active one while it runs, with inputs and outputs. */
import {
  type Attributes,
  type Context,
  type Exception,
  type Span,
  SpanKind,
  SpanStatusCode,
} from '@opentelemetry/api';
import { describe, hasMessage, messageOf } from '../api/attributes.ts';
import { captureContent } from '../api/capture-content.ts';
import { activeContext, SpanFrame, withContext } from '../api/context.ts';
import { activeTracer, capturesContent } from '../init.ts';
import { contentText } from './content.ts';

// biome-ignore lint/suspicious/noExplicitAny: the parameters of the wrapped function are kept as they are.
type AnyFunction = (this: any, ...args: any[]) => unknown;

export interface TraceOptions {
  /** Name of the span. Default: the name of the function, else `anonymous`. */
  name?: string;
  /** Attributes that the span starts with; a sampler sees them. */
  attributes?: Attributes;
  /** Default: `INTERNAL`. */
  kind?: SpanKind;
  /** Whether arguments and result are captured. Default: the `content` option of `init`, which is yes. */
  content?: boolean;
}

// OpenInference semantic conventions, "Span attributes".
const INPUT = 'input.value';
const OUTPUT = 'output.value';

/**
 * Wraps a function so that each call is a span: a child of the active span, active while the function and what
 * it awaits run, ended when it returns or its promise settles. Keeps the type, `this`, `name` and `length`; a
 * synchronous function stays synchronous. An error sets the status, is recorded, and is thrown on untouched.
 *
 * Arguments and result are captured as JSON text (`input.value`, `output.value`) unless `content` says
 * otherwise. Before `init()`, calls go to the global OpenTelemetry provider, if there is one.
 */
export function trace<F extends AnyFunction>(fn: F, given?: TraceOptions): F {
  const options = given ?? {};
  const name = options.name ?? (fn.name || 'anonymous');
  const spanOptions = { kind: options.kind ?? SpanKind.INTERNAL, attributes: options.attributes };
  const traced = function (this: unknown, ...args: unknown[]): unknown {
    const parent = activeContext();
    const current = activeTracer().startSpan(name, spanOptions, parent);
    const content = (options.content ?? capturesContent()) && current.isRecording();
    if (content) captureContent(current, INPUT, inputOf(args), contentText);
    return run(current, parent, content, () => fn.apply(this, args));
  };
  copyProperties(fn, traced);
  return traced as unknown as F;
}

/** What stands for the arguments of a call: the only one as it is. */
function inputOf(args: readonly unknown[]): unknown {
  return args.length > 1 ? args : args[0];
}

/** Name, length and whatever a program has put on the function, as they are. */
function copyProperties(from: object, to: object): void {
  for (const key of Reflect.ownKeys(from)) {
    const descriptor = Object.getOwnPropertyDescriptor(from, key);
    if (key !== 'prototype' && descriptor?.configurable) Object.defineProperty(to, key, descriptor);
  }
}

/**
 * Runs `fn` inside a new span, which it gets as its argument; returns what `fn` returns. The span ends when `fn`
 * returns or its promise settles. The result is not captured.
 */
export function span<R>(
  name: string,
  fn: (span: Span) => R,
  options: Omit<TraceOptions, 'name' | 'content'> = {},
): R {
  const parent = activeContext();
  const current = activeTracer().startSpan(name, options, parent);
  return run(current, parent, false, () => fn(current)) as R;
}

/** Starts a span that the caller ends; it is not made active. */
export function startSpan(name: string, options: Omit<TraceOptions, 'name' | 'content'> = {}): Span {
  return activeTracer().startSpan(name, options, activeContext());
}

function run(current: Span, parent: Context, content: boolean, call: () => unknown): unknown {
  let result: unknown;
  try {
    result = withContext(new SpanFrame(parent, current), call);
  } catch (error) {
    fail(current, error);
    throw error;
  }
  if (!isA(Promise, result)) {
    finish(current, content, result);
    return result;
  }
  return result.then(
    (value) => {
      finish(current, content, value);
      return value;
    },
    (error) => {
      fail(current, error);
      throw error;
    },
  );
}

function finish(current: Span, content: boolean, value: unknown): void {
  if (content) captureContent(current, OUTPUT, value, contentText);
  current.end();
}

function fail(current: Span, error: unknown): void {
  current.setStatus({ code: SpanStatusCode.ERROR, message: messageOf(error) });
  current.recordException(readableError(error));
  current.end();
}

/** `instanceof` asks the value, and a Proxy may throw: its user must get it back untouched all the same. */
function isA<T>(type: abstract new (...args: never[]) => T, value: unknown): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/** What is thrown may be anything: with a message it says what happened, as text it says as much as it can. */
function readableError(error: unknown): Exception {
  return hasMessage(error) ? error : describe(error);
}
