/** `trace` before methods, fields, accessors and classes, as every compiler emits it. */
import ts from 'typescript';
import { expect, test } from 'vitest';
import { startSpan, trace, traceTool } from '../../src/ai/trace.ts';
import { traceClass } from '../../src/ai/trace-class.ts';
import { startTracing, stopTracingAfterEach } from '../helpers/ai-spans.ts';
import { captureWarnings } from '../helpers/api-recorder.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { COMPILERS, probeCompiler } from '../helpers/decorator-compilers.ts';

const warnings = captureWarnings();
stopTracingAfterEach();

/** What both forms of the language have. */
const COMMON = `
  const KEY = Symbol('key');
  class Base {
    factor = 2;
    @trace scale(by) { return this.factor * by; }
    @trace({ name: 'named' }) async later(by) { return this.factor * by; }
    @traceTool() static tool(by) { return this.base + by; }
    static base = 1;
    @trace() *pieces() { yield this.factor; yield 3; }
    @trace() get half() { return this.factor / 2; }
    @trace() async [KEY]() { return this.factor; }
  }
  class Agent extends Base {
    @trace scale(by) { return super.scale(by) + 1; }
  }
  @traceClass({ exclude: ['quiet'] })
  class Whole {
    one() { return 1; }
    quiet() { return 2; }
    static two() { return 2; }
  }
  @trace
  class Named { one() { return this instanceof Named; } }
  result = { Agent, Whole, Named, KEY };
`;

/** What only the standard has. */
const STANDARD = `
  class More {
    @trace() field = (by) => this.factor + by;
    @trace accessor act = function act() { return this.factor; };
    @trace() #hidden(by) { return this.factor - by; }
    @trace() static #secret() { return 'static'; }
    @trace() plain = 5;
    factor = 10;
    reveal() { return [this.#hidden(1), More.#secret()]; }
  }
  result = { More };
`;

type Program = Record<'Agent' | 'Whole' | 'Named' | 'More', never> & { KEY: symbol };

/** Runs a program with the decorators in scope; gives what it assigned to `result`. */
function evaluate(code: string): Program {
  const run = new Function('trace', 'traceTool', 'traceClass', `let result; ${code}; return result;`);
  return run(trace, traceTool, traceClass);
}

interface AgentClass {
  new (): {
    [key: symbol]: () => Promise<number>;
    scale(by: number): number;
    later(by: number): Promise<number>;
    pieces(): Generator<number>;
    readonly half: number;
  };
  tool(by: number): number;
}

for (const [name, compiler] of Object.entries(COMPILERS)) {
  requireCounterpart(name, () => probeCompiler(compiler))(`compiled by ${name}`, () => {
    test('methods, static ones, getters, symbols, generators, super and whole classes are traced', async () => {
      // Babel's older form knows no decorator before a computed name.
      const hasSymbol = name !== 'Babel, legacy';
      const code = await compiler.compile(
        hasSymbol ? COMMON : COMMON.replace('@trace() async [KEY]', 'async [KEY]'),
      );
      const program = evaluate(code);
      const { Agent, Whole, Named, KEY } = program as unknown as {
        Agent: AgentClass;
        Whole: { new (): { one(): number; quiet(): number }; two(): number };
        Named: new () => { one(): boolean };
        KEY: symbol;
      };
      const { all } = await startTracing();
      const agent = new Agent();
      expect([agent.scale(3), await agent.later(4), Agent.tool(5)]).toEqual([7, 8, 6]);
      expect([[...agent.pieces()], agent.half, await agent[KEY]()]).toEqual([[2, 3], 1, 2]);
      const whole = new Whole();
      expect([whole.one(), whole.quiet(), Whole.two()]).toEqual([1, 2, 2]);
      expect(new Named().one()).toBe(true);
      const spans = await all();
      const names = ['Named.one', 'Whole.one', 'Whole.two', 'half', 'named', 'pieces', 'scale', 'scale'];
      expect(spans.map((span) => span.name).sort()).toEqual(
        [...names, 'tool', ...(hasSymbol ? ['key'] : [])].sort(),
      );
      const [inner, outer] = spans.filter((span) => span.name === 'scale').sort(byParent);
      expect(inner.parentSpanId).toBe(outer.spanId);
    });

    if (compiler.isLegacy) return;
    test('fields, accessors and private methods are traced', async () => {
      const { More } = evaluate(await compiler.compile(STANDARD)) as unknown as {
        More: new () => { field(by: number): number; act(): number; plain: number; reveal(): unknown[] };
      };
      const { all } = await startTracing();
      const more = new More();
      expect([more.field(1), more.act(), more.plain, more.reveal()]).toEqual([11, 10, 5, [9, 'static']]);
      const names = (await all()).map((span) => span.name);
      expect(names.sort()).toEqual(['#hidden', '#secret', 'act', 'field']);
    });
  });
}

test('a class in a static member of a traced class stays one', () => {
  class Inner {}
  class Outer {
    static Inner = Inner;
    method() {}
  }
  expect(new (traceClass()(Outer).Inner)()).toBeInstanceOf(Inner);
});

const byParent = (a: { parentSpanId: string }, b: { parentSpanId: string }): number =>
  b.parentSpanId.length - a.parentSpanId.length;

test('a field under experimentalDecorators is left alone, and said; Babel’s form of it is traced', async () => {
  const source = 'class A { @trace() field = () => 1; } result = { A };';
  const { A } = evaluate(await COMPILERS['tsc, experimentalDecorators'].compile(source)) as never;
  const { all } = await startTracing();
  expect(new (A as new () => { field(): number })().field()).toBe(1);
  expect(await all()).toEqual([]);
  expect(warnings.filter((line) => line.includes('@trace on the field field'))).toHaveLength(1);
});

const run = probeCompiler(COMPILERS['Babel, legacy']) === undefined;
test.runIf(run)('a field in the older form of Babel is traced', async () => {
  const source = 'class A { factor = 2; @trace() field = () => this.factor; } result = { A };';
  const { A } = evaluate(await COMPILERS['Babel, legacy'].compile(source)) as never;
  const { one } = await startTracing();
  expect(new (A as new () => { field(): number })().field()).toBe(2);
  await one('field');
});

test.each([
  ['using', ts.ScriptTarget.ES2022],
  ['await using', ts.ScriptTarget.ES2022],
])('%s ends a span with its block, whatever is thrown', async (keyword, target) => {
  const source = `async function step(startSpan, fail) {
    ${keyword} current = startSpan('step');
    current.setAttribute('in', true);
    if (fail) throw new Error('thrown');
    return 'result';
  }`;
  const { outputText } = ts.transpileModule(source, { compilerOptions: { target } });
  const step = new Function(`${outputText}; return step;`)() as (
    start: typeof startSpan,
    fail: boolean,
  ) => Promise<string>;
  const { all } = await startTracing();
  expect(await step(startSpan, false)).toBe('result');
  await expect(step(startSpan, true)).rejects.toThrow('thrown');
  const ended = (await all()).map(({ name, plain }) => [name, plain.in]);
  expect(ended).toEqual([
    ['step', true],
    ['step', true],
  ]);
});

test('traceClass takes the class itself, with options or without, in either form of decorators', async () => {
  const { all } = await startTracing();
  class Methods {
    kept() {}
    left() {}
  }
  // Each with methods of its own, under a name of its own.
  const make = (name: string): typeof Methods =>
    new Function(`return class ${name} { kept() {} left() {} }`)();
  const [Plain, Chosen, Decorated] = [make('Plain'), make('Chosen'), make('Decorated')];
  expect(traceClass(Plain)).toBe(Plain);
  expect(traceClass(Chosen, { exclude: ['left'] })).toBe(Chosen);
  const context = { kind: 'class', name: 'Decorated', addInitializer() {} };
  expect(traceClass(Decorated, context as never)).toBe(Decorated);
  for (const Class of [Plain, Chosen, Decorated]) {
    const made = new Class();
    made.kept();
    made.left();
  }
  expect((await all()).map(({ name }) => name).sort()).toEqual([
    'Chosen.kept',
    'Decorated.kept',
    'Decorated.left',
    'Plain.kept',
    'Plain.left',
  ]);
});
