/** Traces every method of a class. */
import type { AnyFunction, TraceOptions } from './trace-options.ts';
import { wrap } from './wrap.ts';

export interface TraceClassOptions extends Omit<TraceOptions, 'name'> {
  /** Methods that are traced. Default: all. */
  include?: readonly string[];
  /** Methods that are not. Default: none. */
  exclude?: readonly string[];
}

export type AnyClass = abstract new (...args: never[]) => unknown;

/**
 * A decorator, in both forms of the language, that traces the methods a class has of its own, static ones included; a
 * span is called `Class.method`. Constructors, accessors and private methods (`#name`) are left alone. Also a function
 * to call: `traceClass(Model, options)`, `traceClass(options)(Model)`. Without options the decorator is `@traceClass` itself.
 */
export function traceClass<C extends AnyClass>(target: C, options?: TraceClassOptions): C;
export function traceClass<C extends AnyClass>(target: C, context: ClassDecoratorContext): C;
export function traceClass(
  options?: TraceClassOptions,
): <C extends AnyClass>(target: C, context?: unknown) => C;
export function traceClass(first: AnyClass | TraceClassOptions = {}, second: object = {}): unknown {
  if (!isClass(first)) return classDecorator(first);
  const isDecoration = (second as { kind?: unknown }).kind === 'class';
  return classDecorator(isDecoration ? {} : second)(first);
}

function classDecorator(options: TraceClassOptions): <C extends AnyClass>(target: C) => C {
  return (target) => {
    traceMethods(target.prototype as object, target.name, options);
    traceMethods(target, target.name, options);
    return target;
  };
}

function traceMethods(holder: object, className: string, options: TraceClassOptions): void {
  const { include, exclude, ...own } = options;
  for (const { key, name, descriptor, method } of methodsOf(holder, include, exclude)) {
    const value = wrap(method, own, `${className}.${name}`);
    Object.defineProperty(holder, key, { ...descriptor, value });
  }
}

interface Method {
  readonly key: string | symbol;
  readonly name: string;
  readonly descriptor: PropertyDescriptor;
  readonly method: AnyFunction;
}

/** The methods of a class or of its prototype that can be replaced. */
export function methodsOf(
  holder: object,
  include: readonly string[] | undefined,
  exclude: readonly string[] = [],
): Method[] {
  const methods: Method[] = [];
  for (const key of Reflect.ownKeys(holder)) {
    const name = typeof key === 'symbol' ? (key.description ?? '') : key;
    if (key === 'constructor' || exclude.includes(name) || include?.includes(name) === false) continue;
    const descriptor = Object.getOwnPropertyDescriptor(holder, key);
    if (descriptor === undefined || !descriptor.configurable || !isMethod(descriptor.value)) continue;
    methods.push({ key, name, descriptor, method: descriptor.value });
  }
  return methods;
}

/** A function that may be called: no class, which may stand in a static member. */
function isMethod(value: unknown): value is AnyFunction {
  return typeof value === 'function' && !isClass(value);
}

/** A class is a function as well: one that cannot be called, and has a prototype that cannot be written. */
export function isClass(value: unknown): value is AnyClass {
  if (typeof value !== 'function') return false;
  return Object.getOwnPropertyDescriptor(value, 'prototype')?.writable === false;
}
