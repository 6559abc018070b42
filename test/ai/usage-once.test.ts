/** However many layers record one call of a model, its tokens are counted once: by the innermost that knows them. */
import type { Span } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { usage } from '../../src/ai/enrich.ts';
import { instrument } from '../../src/ai/instrument/instrument.ts';
import { span, trace, traceModel } from '../../src/ai/trace.ts';
import { activeTracer } from '../../src/init.ts';
import { type PlainSpan, stopTracingAfterEach } from '../helpers/ai-spans.ts';
import { ASK, CHAT_TOKENS, MODEL, STREAMED, startInstrumented } from '../helpers/instrumented-openai.ts';
import { chatAnswer, chatStream } from '../helpers/model-answers.ts';

stopTracingAfterEach();

const NAME = `chat ${MODEL}`;
const COUNTED = { inputTokens: 21, outputTokens: 13 };

/** Input tokens by the name of the span that carries them. */
function tokens(spans: readonly PlainSpan[]): [string, unknown][] {
  return spans
    .filter(({ plain }) => 'gen_ai.usage.input_tokens' in plain)
    .map(({ name, plain }) => [name, plain['gen_ai.usage.input_tokens']]);
}

describe('usage told by hand around an instrumented call', () => {
  test.for([
    ['traceModel', traceModel],
    ['trace', trace],
  ] as const)('in %s is left to the call, the cost is not', async ([, wrap]) => {
    const { client, all, one } = await startInstrumented({}, chatAnswer());
    const ask = wrap(
      async () => {
        const answer = await client.chat.completions.create(ASK);
        usage({ ...COUNTED, totalTokens: 34, cost: 0.01 });
        return answer;
      },
      { name: 'ask' },
    );
    await ask();
    expect(tokens(await all())).toEqual([[NAME, 21]]);
    expect((await one('ask')).plain).toMatchObject({ 'gen_ai.usage.cost': 0.01 });
    expect((await one(NAME)).plain).toMatchObject(CHAT_TOKENS);
  });

  test('is left to it through spans between them, streamed and in both modes of the provider', async () => {
    const idle = { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {} };
    const { client, all } = await startInstrumented({ spanProcessors: [idle] }, chatStream());
    const ask = traceModel(
      async function* () {
        const stream = await span('between', () =>
          activeTracer().startActiveSpan('foreign', async (current) => {
            current.end();
            return client.chat.completions.create(STREAMED);
          }),
        );
        yield* stream;
        usage(COUNTED);
      },
      { name: 'ask' },
    );
    for await (const _ of ask());
    expect(tokens(await all())).toEqual([[NAME, 21]]);
  });

  test('before the call has ended is not told again by it', async () => {
    const { client, all } = await startInstrumented({}, chatStream());
    let stream: AsyncIterable<unknown> | undefined;
    await traceModel(
      async () => {
        usage(COUNTED);
        stream = await client.chat.completions.create(STREAMED);
      },
      { name: 'ask' },
    )();
    for await (const _ of stream ?? []);
    expect(tokens(await all())).toEqual([['ask', 21]]);
  });

  test('stays where the call knew none, and of calls beside each other', async () => {
    const refused = { status: 400, json: { error: { message: 'no' } } };
    const { client, all } = await startInstrumented({}, refused, chatAnswer(), chatAnswer());
    await traceModel(
      async () => {
        await client.chat.completions.create(ASK).catch(() => {});
        usage({ inputTokens: 7 });
      },
      { name: 'alone' },
    )();
    const ask = traceModel(() => client.chat.completions.create(ASK), { name: 'ask' });
    await trace(() => Promise.all([ask(), ask()]), { name: 'agent' })();
    expect(tokens(await all()).sort()).toEqual([
      ['alone', 7],
      [NAME, 21],
      [NAME, 21],
    ]);
  });
});

test('a traced function inside an instrumented method that tells the usage is the one that carries it', async () => {
  const { client, plain, all } = await startInstrumented({}, chatAnswer());
  const inner = plain.withOptions({});
  const { completions } = inner.chat;
  const bare = Object.getPrototypeOf(completions).create.bind(completions);
  const made = {
    baseURL: client.baseURL,
    chat: {
      completions: {
        create: traceModel(
          async (...args: unknown[]) => {
            const answer = await bare(...args);
            usage(COUNTED);
            return answer;
          },
          { name: 'inner' },
        ),
      },
    },
  };
  await instrument(made).chat.completions.create(ASK);
  const spans = await all();
  expect(spans.map(({ name }) => name).sort()).toEqual([NAME, 'inner']);
  expect(tokens(spans)).toEqual([['inner', 21]]);
});

describe('inside a span of the ai package, which sets usage by itself', () => {
  const around = {
    'of its older telemetry': [
      'ai.generateText.doGenerate',
      { 'ai.operationId': 'ai.generateText.doGenerate' },
      'any',
    ],
    'of its newer one': ['chat model', { 'gen_ai.operation.name': 'chat' }, 'gen_ai'],
  } as const;

  test.for(Object.entries(around))(
    '%s the call leaves its usage out',
    async ([, [name, attributes, scope]]) => {
      const { client, all } = await startInstrumented({}, chatAnswer());
      const { trace: api } = await import('@opentelemetry/api');
      const outer = traceModel(
        () =>
          api.getTracer(scope).startActiveSpan(name, { attributes }, async (current: Span) => {
            await client.chat.completions.create(ASK);
            current.setAttribute('gen_ai.usage.input_tokens', 21);
            current.end();
          }),
        { name: 'outer' },
      );
      await trace(
        async () => {
          await outer();
          usage(COUNTED);
        },
        { name: 'agent' },
      )();
      const spans = await all();
      expect(spans).toHaveLength(4);
      expect(tokens(spans)).toEqual([[name, 21]]);
    },
  );
});

test('calls that go on from one another, for ever, keep nothing of those before', async () => {
  const { claimOf, callFrame } = await import('../../src/ai/usage-claim.ts');
  const { ROOT_CONTEXT } = await import('@opentelemetry/api');
  await startInstrumented();
  let context = ROOT_CONTEXT;
  for (let call = 0; call < 3; call += 1) {
    const current = activeTracer().startSpan('tick');
    const frame = callFrame(context, current);
    const { outer } = claimOf(frame) as unknown as { outer: unknown };
    expect(outer).toBeUndefined();
    claimOf(frame)?.settle(current);
    current.end();
    context = frame;
  }
});
