/** `trace` before methods, fields and classes, as every compiler emits it. */
import { transform } from 'esbuild';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';
import { trace, traceTool } from '../../src/ai/trace.ts';
import { traceClass } from '../../src/ai/trace-class.ts';
import { startTracing, stopTracingAfterEach } from '../helpers/ai-spans.ts';

stopTracingAfterEach();

const SOURCE = `
  class Agent {
    readonly factor = 2;
    @trace scale(by: number) { return this.factor * by; }
    @trace({ name: 'named' }) async later(by: number) { return this.factor * by; }
    @traceTool() static tool(by: number) { return by + 1; }
  }
  @traceClass({ exclude: ['quiet'] })
  class Whole {
    one() { return 1; }
    quiet() { return 2; }
    static two() { return 2; }
  }
  result = { Agent, Whole };
`;

/** Runs a program with the decorators in scope; gives what it assigned to \`result\`. */
function evaluate(code: string): { Agent: never; Whole: never } {
  const run = new Function('trace', 'traceTool', 'traceClass', `let result; ${code}; return result;`);
  return run(trace, traceTool, traceClass);
}

const COMPILERS: Record<string, () => Promise<string> | string> = {
  'tsc, standard': () =>
    ts.transpileModule(SOURCE, { compilerOptions: { target: ts.ScriptTarget.ES2022 } }).outputText,
  'tsc, experimentalDecorators': () =>
    ts.transpileModule(SOURCE, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, experimentalDecorators: true },
    }).outputText,
  'esbuild, standard': async () => (await transform(SOURCE, { loader: 'ts', target: 'es2022' })).code,
  'esbuild, experimentalDecorators': async () =>
    (
      await transform(SOURCE, {
        loader: 'ts',
        target: 'es2022',
        tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
      })
    ).code,
};

interface AgentClass {
  new (): { scale(by: number): number; later(by: number): Promise<number> };
  tool(by: number): number;
}

describe.each(Object.keys(COMPILERS))('compiled by %s', (compiler) => {
  test('methods, static ones and whole classes are traced', async () => {
    const { all } = await startTracing();
    const { Agent, Whole } = evaluate(await COMPILERS[compiler]()) as unknown as {
      Agent: AgentClass;
      Whole: { new (): { one(): number; quiet(): number }; two(): number };
    };
    const agent = new Agent();
    expect([agent.scale(3), await agent.later(4), Agent.tool(5)]).toEqual([6, 8, 6]);
    const whole = new Whole();
    expect([whole.one(), whole.quiet(), Whole.two()]).toEqual([1, 2, 2]);
    expect((await all()).map(({ name }) => name).sort()).toEqual([
      'Whole.one',
      'Whole.two',
      'named',
      'scale',
      'tool',
    ]);
  });
});
