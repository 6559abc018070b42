/** What a user's program may count on from the declarations. It is compiled, as ESM and as CommonJS, and never run. */
import type { Span } from '@opentelemetry/api';
import {
  enrichSpan,
  extract,
  type FlushResult,
  type flush,
  type InitOptions,
  init,
  instrument,
  lazy,
  type Stats,
  span,
  startSpan,
  stats,
  trace,
  traceModel,
  traceTool,
  usage,
  withSession,
} from 'spandrel';
import type { aiSdkTelemetry } from 'spandrel/ai-sdk';
import type { HoneyHiveTracer } from 'spandrel/honeyhive';
import type { LangChainCallbackHandler } from 'spandrel/langchain';
import type { instrumentMcp } from 'spandrel/mcp';
import { BatchSpanProcessor, OTLPTraceExporter, TracerProvider } from 'spandrel/otel';
import type { captureTraces } from 'spandrel/testing';
import 'spandrel/register';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
/** A compile error unless both are the same type; `any` is the same as nothing but itself. */
function same<A, B>(..._: Equal<A, B> extends true ? [] : ['not the same type']): void {}

async function answer(question: string, depth = 1): Promise<{ text: string }> {
  return { text: question.repeat(depth) };
}
const traced = trace(answer, { name: 'answer', attributes: { version: '1' } });
same<typeof traced, typeof answer>();

const sync = traceTool((a: number, b: number): number => a + b);
same<typeof sync, (a: number, b: number) => number>();

const generic = trace(<T extends { id: string }>(items: readonly T[]): T | undefined => items[0]);
const found = generic([{ id: 'a', rank: 1 }]);
same<typeof found, { id: string; rank: number } | undefined>();

function overloaded(value: string): string;
function overloaded(value: number): number;
function overloaded(value: string | number): string | number {
  return value;
}
const both = trace(overloaded);
same<typeof both, typeof overloaded>();
const text: string = both('a');
const digit: number = both(1);

function method(this: { base: number }, more: number): number {
  return this.base + more;
}
const bound = trace(method);
same<ThisParameterType<typeof bound>, { base: number }>();
// @ts-expect-error: `this` is asked for as before.
bound(1);

const pieces = traceModel(function* (count: number): Generator<string, boolean, undefined> {
  yield String(count);
  return true;
});
same<ReturnType<typeof pieces>, Generator<string, boolean, undefined>>();
const stream = trace(async function* (): AsyncGenerator<{ delta: string }> {
  yield { delta: 'a' };
});
same<ReturnType<typeof stream>, AsyncGenerator<{ delta: string }>>();

// @ts-expect-error: parameters are checked as before.
traced(1);
// @ts-expect-error: no option has this name.
trace(answer, { nmae: 'x' });
// @ts-expect-error: no function.
trace(42);

class Agent {
  readonly prefix = '> ';

  @trace()
  plan(goal: string): string {
    return this.prefix + goal;
  }

  @traceTool({ name: 'look' })
  async look(): Promise<number> {
    return 1;
  }
}
same<ReturnType<Agent['plan']>, string>();
same<ReturnType<Agent['look']>, Promise<number>>();

same<ReturnType<typeof span<number>>, number>();
const inner = span('step', (current) => {
  same<typeof current, Span>();
  return current.isRecording();
});
same<typeof inner, boolean>();
const session = withSession({ sessionId: 's-1' }, async () => 7);
same<typeof session, Promise<number>>();
const carried = extract({ traceparent: '' }, () => 'x' as const);
same<typeof carried, 'x'>();
const late = lazy(() => ({ a: 1 }));
startSpan('s').end();
enrichSpan({ outputs: late });
usage({ inputTokens: 1, outputTokens: 2 });

class Client {
  chat = { completions: { create: async (body: { model: string }) => body.model } };
}
const client = instrument(new Client());
same<typeof client, Client>();

const options: InitOptions = { serviceName: 'a', exporters: ['otlp', { endpoint: 'http://localhost' }] };
same<ReturnType<typeof init>, void>();
init(options);
// @ts-expect-error: one of a fixed list.
init({ engine: 'rust' });
same<ReturnType<typeof flush>, Promise<FlushResult>>();
same<ReturnType<typeof stats>, Stats>();
const rest: number = stats().waiting;

const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
same<ReturnType<typeof provider.shutdown>, Promise<void>>();

/** What leaks `any` is `any` here; none of these may be. */
type IsAny<T> = 0 extends 1 & T ? true : false;
same<IsAny<ReturnType<typeof aiSdkTelemetry>>, false>();
same<IsAny<typeof HoneyHiveTracer>, false>();
same<IsAny<InstanceType<typeof LangChainCallbackHandler>>, false>();
same<IsAny<ReturnType<typeof instrumentMcp>>, false>();
same<IsAny<Awaited<ReturnType<typeof captureTraces>>>, false>();

export { carried, digit, inner, pieces, rest, session, stream, text };
