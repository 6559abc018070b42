/** What `trace` makes of types: nothing. `tsc` checks these; at run time they only run. */
import { describe, expectTypeOf, test } from 'vitest';
import { lazy } from '../../src/ai/lazy.ts';
import { span, trace, traceTool } from '../../src/ai/trace.ts';
import { traceClass } from '../../src/ai/trace-class.ts';

function overloaded(value: string): string;
function overloaded(value: number): number;
function overloaded(value: string | number): string | number {
  return value;
}

describe('trace keeps the type of', () => {
  test('functions, async ones, generators', () => {
    const plain = (a: number, b?: string): boolean => a > 0 && b === undefined;
    expectTypeOf(trace(plain)).toEqualTypeOf(plain);
    const later = async (a: number): Promise<{ a: number }> => ({ a });
    expectTypeOf(trace(later, { name: 'later' })).toEqualTypeOf(later);
    async function* pieces(): AsyncGenerator<string, number, boolean> {
      yield 'a';
      return 1;
    }
    expectTypeOf(trace(pieces)).toEqualTypeOf(pieces);
  });

  test('generic functions and overloads', () => {
    const identity = trace(<T>(value: T): T => value);
    expectTypeOf(identity('a' as const)).toEqualTypeOf<'a'>();
    expectTypeOf(trace(overloaded)).toEqualTypeOf(overloaded);
    expectTypeOf(trace(overloaded)('a')).toEqualTypeOf<string>();
    expectTypeOf(traceTool(overloaded)(1)).toEqualTypeOf<number>();
  });

  test('`this` and members', () => {
    function scale(this: { factor: number }, by: number): number {
      return this.factor * by;
    }
    const traced = trace(Object.assign(scale, { version: 1 as const }));
    expectTypeOf(traced).thisParameter.toEqualTypeOf<{ factor: number }>();
    expectTypeOf(traced.version).toEqualTypeOf<1>();
  });

  test('classes', () => {
    class Agent {
      readonly name: string;
      constructor(name: string) {
        this.name = name;
      }
    }
    expectTypeOf(traceClass()(Agent)).toEqualTypeOf<typeof Agent>();
    expectTypeOf(trace(Agent)).toEqualTypeOf<typeof Agent>();
    expectTypeOf(traceClass(Agent, { exclude: ['name'] })).toEqualTypeOf<typeof Agent>();
    // As the compiler calls `@trace` and `@traceClass` before a class.
    const decorate = (context: ClassDecoratorContext<typeof Agent>) => [
      trace(Agent, context),
      traceClass(Agent, context),
    ];
    expectTypeOf(decorate).returns.toEqualTypeOf<(typeof Agent)[]>();
  });
});

test('no parameter is silently any', () => {
  // @ts-expect-error: a parameter without a type is of no use, and says so.
  trace((value) => value.length);
});

test('what the options get is typed by the function', () => {
  trace(async (id: string, count: number) => ({ id, count }), {
    captureInput: (id, count) => {
      expectTypeOf(id).toEqualTypeOf<string>();
      expectTypeOf(count).toEqualTypeOf<number>();
      return id;
    },
    captureOutput: (result) => {
      expectTypeOf(result).toEqualTypeOf<{ id: string; count: number }>();
      return lazy(() => result);
    },
  });
  // @ts-expect-error: no such option.
  trace(() => {}, { nmae: 'typo' });
  expectTypeOf(span('a', async () => 1)).toEqualTypeOf<Promise<number>>();
});

test('decorators fit every place of a class, and refuse what they cannot trace', () => {
  class Model {
    @trace ask(prompt: string): string {
      return prompt;
    }
    @trace({ name: 'later' }) async later(): Promise<void> {}
    @traceTool() static tool(): void {}
    @trace() field = (value: number): number => value;
    @trace() get answer(): number {
      return 42;
    }
    @trace() accessor act = (): number => 1;
    @trace() #hidden(): void {}
    reveal(): void {
      this.#hidden();
    }
  }
  expectTypeOf<Model['ask']>().toEqualTypeOf<(prompt: string) => string>();
});
