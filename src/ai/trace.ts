/** Traces functions: a span around each call, the active one while it runs, with inputs and outputs. */
import type { Context, Span, SpanOptions } from '@opentelemetry/api';
import { activeContext } from '../api/context.ts';
import { makeDisposable } from '../api/disposable.ts';
import { activeTracer } from '../init.ts';
import { decorate, type TraceDecorator } from './decorator.ts';
import type { SpanType } from './fields.ts';
import { OpenCall } from './open-call.ts';
import { addFields } from './record.ts';
import { activeDialect } from './settings.ts';
import { type AnyClass, isClass, type TraceClassOptions } from './trace-class.ts';
import type { AnyFunction, TraceOptions } from './trace-options.ts';
import { contextOf, kindOf, run } from './traced-call.ts';
import { callFrame } from './usage-claim.ts';
import { wrap } from './wrap.ts';

export type { TraceOptions } from './trace-options.ts';

/**
 * Wraps a function so that each call is a span: a child of the active span, active while the function and what it awaits
 * run, ended when its result is complete. That is when it returns, when its promise settles, or when the generator,
 * `ReadableStream` or `Response` it gave is read to the end. Keeps the type, `this`, `name`, `length` and properties; a
 * synchronous function stays synchronous. An error sets the status, is recorded, and is thrown on untouched.
 *
 * Arguments and result are captured as text, JSON where they are none, unless `content` says otherwise. Before `init()`,
 * calls go to the global OpenTelemetry provider, if there is one.
 *
 * A native promise comes back as a promise derived from it; any other thenable, such as the `APIPromise` of a model
 * client, and every generator comes back as the same object; a `ReadableStream` or `Response` as a new one.
 *
 * With options alone, or with none, it is a decorator: `@trace()`, `@trace({ type: 'tool' })`, and `@trace` itself, for
 * methods, functions in fields, and whole classes; in the form of the standard as well as under `experimentalDecorators`.
 */
export function trace<F extends AnyFunction>(fn: F, options?: TraceOptions<F>): F;
export function trace<Class extends AnyClass>(target: Class, options?: TraceClassOptions): Class;
export function trace<Class extends AnyClass>(target: Class, context: ClassDecoratorContext): Class;
export function trace(options?: TraceOptions): TraceDecorator;
export function trace<Value extends AnyFunction>(value: Value, context: DecoratorContext): Value;
export function trace<This, Value>(
  value: ClassAccessorDecoratorTarget<This, Value>,
  context: ClassAccessorDecoratorContext<This, Value>,
): ClassAccessorDecoratorResult<This, Value>;
export function trace<Value>(
  value: undefined,
  context: ClassFieldDecoratorContext,
): (initial: Value) => Value;
export function trace(target: object, key: string | symbol, descriptor?: PropertyDescriptor): void;
export function trace(first?: unknown, ...rest: unknown[]): unknown {
  return traceAs(undefined, first, rest);
}

function traceAs(type: SpanType | undefined, first: unknown, [second, third]: unknown[]): unknown {
  if (isDecoration(second)) return decorate({ type }, first, second, third);
  // `@trace` before a class, under `experimentalDecorators`, comes without a second argument.
  if (isClass(first)) return decorate(optionsOf(second, type), first, undefined, undefined);
  if (typeof first === 'function') return wrap(first as AnyFunction, optionsOf(second, type));
  const options = optionsOf(first, type);
  return (value: unknown, context: unknown, descriptor: unknown) =>
    decorate(options, value, context, descriptor);
}

function optionsOf(given: unknown, type: SpanType | undefined): TraceOptions {
  return { type, ...(given as TraceOptions | undefined) };
}

/** A decorator gets a context object from the language, or a property key from TypeScript's older form. */
function isDecoration(second: unknown): second is DecoratorContext | string | symbol {
  if (typeof second === 'string' || typeof second === 'symbol') return true;
  return typeof (second as { addInitializer?: unknown } | undefined)?.addInitializer === 'function';
}

/** `trace` with a type of its own. */
type TypedTrace = typeof trace;

function typed(type: SpanType): TypedTrace {
  return ((first?: unknown, ...rest: unknown[]) => traceAs(type, first, rest)) as TypedTrace;
}

/** As `trace`, for the call of a model. Its span is a `CLIENT`'s. */
export const traceModel: TypedTrace = typed('model');
/** As `trace`, for making embeddings. Its span is a `CLIENT`'s. */
export const traceEmbedding: TypedTrace = typed('embedding');
/** As `trace`, for a tool that a model calls. */
export const traceTool: TypedTrace = typed('tool');
/** As `trace`, for a step that puts others together. */
export const traceChain: TypedTrace = typed('chain');
/** As `trace`, for an agent. */
export const traceAgent: TypedTrace = typed('agent');
/** As `trace`, for looking documents up. */
export const traceRetriever: TypedTrace = typed('retriever');
/** As `trace`, for putting documents in order. */
export const traceReranker: TypedTrace = typed('reranker');
/** As `trace`, for a check of what goes in or comes out. */
export const traceGuardrail: TypedTrace = typed('guardrail');
/** As `trace`, for judging a result. */
export const traceEvaluator: TypedTrace = typed('evaluator');

/** Options of a span that is not a function's: those of `trace` that are no content, and the API's own. */
export type SpanStartOptions = Pick<TraceOptions, 'type' | 'config' | 'metadata' | 'tracer' | 'parent'> &
  SpanOptions;

/**
 * Runs `fn` inside a new span, which it gets as its argument; returns what `fn` returns. The span ends when the result
 * is complete, as with `trace`. The result is not captured.
 */
export function span<R>(name: string, fn: (span: Span) => R, options: SpanStartOptions = {}): R {
  const parent = parentOf(options);
  const current = started(name, options, parent);
  const call = new OpenCall(current, callFrame(parent, current), null);
  return run(call, () => fn(current)) as R;
}

/** A span that ends with the block it is declared in: `using current = startSpan('step')`. */
export type DisposableSpan = Span & Disposable;

/**
 * Starts a span that the caller ends, or that ends with its block: `using current = startSpan('step')`. It is not made
 * active. What is thrown in the block ends it as well; to record it, use `span`.
 */
export function startSpan(name: string, options: SpanStartOptions = {}): DisposableSpan {
  const current = started(name, options, parentOf(options)) as DisposableSpan;
  // The API's own span, before `init()`, and spans of other providers have no such method.
  makeDisposable(current);
  return current;
}

function parentOf({ parent }: SpanStartOptions): Context {
  return parent === undefined ? activeContext() : contextOf(parent);
}

function started(name: string, options: SpanStartOptions, parent: Context): Span {
  const { type, config, metadata, tracer = activeTracer() } = options;
  if (type === undefined && config === undefined && metadata === undefined) {
    return tracer.startSpan(name, options, parent);
  }
  const { kind = kindOf(type), attributes } = options;
  const ofType = { ...activeDialect().start(type), ...attributes };
  const span = tracer.startSpan(name, { ...options, kind, attributes: ofType }, parent);
  if (span.isRecording()) addFields(span, { type, config, metadata });
  return span;
}
