/** `trace` as a decorator: of the language (TC39 stage 3), and of TypeScript's `experimentalDecorators`. */
import { warnOnce } from '../diagnostics.ts';
import { traceClass } from './trace-class.ts';
import type { AnyFunction, TraceOptions } from './trace-options.ts';
import { wrap } from './wrap.ts';

/** What `trace(options)` returns. */
export interface TraceDecorator {
  <Value extends AnyFunction>(value: Value, context: DecoratorContext): Value;
  <This, Value>(
    value: ClassAccessorDecoratorTarget<This, Value>,
    context: ClassAccessorDecoratorContext<This, Value>,
  ): ClassAccessorDecoratorResult<This, Value>;
  <This, Value>(
    value: undefined,
    context: ClassFieldDecoratorContext<This, Value>,
  ): (initial: Value) => Value;
  <Class extends abstract new (...args: never[]) => unknown>(
    value: Class,
    context?: ClassDecoratorContext,
  ): Class;
  (target: object, key: string | symbol, descriptor?: PropertyDescriptor): void;
}

/** Decorates whatever it stands before. */
export function decorate(
  options: TraceOptions,
  value: unknown,
  context: unknown,
  descriptor: unknown,
): unknown {
  if (typeof context === 'string' || typeof context === 'symbol') {
    return decorateProperty(options, context, descriptor as PropertyDescriptor | undefined);
  }
  if (context === undefined || (context as DecoratorContext).kind === 'class') {
    return traceClass(options)(value as never);
  }
  const { kind, name } = context as DecoratorContext;
  if (kind === 'field') return (initial: unknown) => wrapFunction(options, initial, nameOf(name));
  if (kind === 'accessor')
    return { init: (initial: unknown) => wrapFunction(options, initial, nameOf(name)) };
  return wrapFunction(options, value, nameOf(name));
}

function wrapFunction(options: TraceOptions, value: unknown, name: string): unknown {
  return typeof value === 'function' ? wrap(value as AnyFunction, options, name) : value;
}

/** TypeScript's older form: the descriptor of a method is changed, and a field has none. */
function decorateProperty(
  options: TraceOptions,
  key: string | symbol,
  descriptor: PropertyDescriptor | undefined,
): PropertyDescriptor | undefined {
  const name = nameOf(key);
  if (descriptor === undefined) {
    warnOnce(
      `decorated-field-${name}`,
      `@trace on the field ${name}: under experimentalDecorators only methods can be traced; use trace(fn) as its value.`,
    );
    return undefined;
  }
  const { value, get, initializer } = descriptor as BabelDescriptor;
  if (typeof initializer === 'function') {
    return {
      ...descriptor,
      initializer(this: unknown) {
        return wrapFunction(options, initializer.call(this), name);
      },
    } as PropertyDescriptor;
  }
  if (typeof value === 'function') return { ...descriptor, value: wrapFunction(options, value, name) };
  if (get !== undefined) return { ...descriptor, get: wrapFunction(options, get, name) as () => unknown };
  return descriptor;
}

/** Babel's older form gives fields a descriptor as well, with what makes their value. */
interface BabelDescriptor extends PropertyDescriptor {
  readonly initializer?: (this: unknown) => unknown;
}

function nameOf(key: string | symbol | undefined): string {
  return typeof key === 'symbol' ? (key.description ?? 'anonymous') : (key ?? 'anonymous');
}
