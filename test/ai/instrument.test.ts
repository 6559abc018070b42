/** What `instrument` does to a client, and to what is none. */
import { trace as api } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import OpenAI, { AzureOpenAI } from 'openai';
import { expect, expectTypeOf, test } from 'vitest';
import { instrument } from '../../src/ai/instrument/instrument.ts';
import { serviceOf } from '../../src/ai/instrument/provider.ts';
import { trace } from '../../src/ai/trace.ts';
import { resetDiagnostics } from '../../src/diagnostics.ts';
import { shutdown, stats } from '../../src/init.ts';
import { startTracing, stopTracingAfterEach } from '../helpers/ai-spans.ts';
import { bundle, run } from '../helpers/api-child.ts';
import { receiveOtlp } from '../helpers/api-receiver.ts';
import { plainAttributes } from '../helpers/api-recorder.ts';
import { ASK, CHAT_TOKENS, MODEL, STREAMED, startInstrumented } from '../helpers/instrumented-openai.ts';
import { chatAnswer, chatStream } from '../helpers/model-answers.ts';
import { startModelService } from '../helpers/model-protocols.ts';

stopTracingAfterEach();

test('keeps the type of the client, its overloads and the shape of its methods', async () => {
  const client = instrument(new OpenAI({ apiKey: 'none' }));
  expectTypeOf(client).toEqualTypeOf<OpenAI>();
  expectTypeOf(client.chat.completions.create).toEqualTypeOf<OpenAI['chat']['completions']['create']>();
  const { create } = Object.getPrototypeOf(client.chat.completions);
  const { create: traced } = client.chat.completions;
  expect([traced.name, traced.length]).toEqual([create.name, create.length]);
  expect(Object.keys(client.chat.completions)).toEqual(
    Object.keys(new OpenAI({ apiKey: 'none' }).chat.completions),
  );
  expect(client).toBeInstanceOf(OpenAI);
});

test('twice is once; clients made by withOptions are traced, once as well', async () => {
  const { client, all } = await startInstrumented({}, chatAnswer(), chatAnswer(), chatAnswer());
  instrument(instrument(client));
  await client.chat.completions.create(ASK);
  const other = client.withOptions({ maxRetries: 2 });
  expect([other === client, other instanceof OpenAI, other.maxRetries]).toEqual([false, true, 2]);
  await other.chat.completions.create(ASK);
  expect(await all()).toHaveLength(2);
  await instrument(other).chat.completions.create(ASK);
  expect((await all()).map(({ name }) => name)).toEqual(Array(3).fill(`chat ${MODEL}`));
});

test('returns what is no client, or cannot be changed, as it is, and says so', async () => {
  resetDiagnostics();
  const said: string[] = [];
  const { write } = process.stderr;
  process.stderr.write = ((text: string) => said.push(text)) as never;
  try {
    const unknown = { generate() {} };
    expect(instrument(unknown)).toBe(unknown);
    const frozen = Object.freeze({ create: async () => 1 });
    const client = { chat: { completions: frozen } };
    expect(instrument(client)).toBe(client);
    expect(await client.chat.completions.create()).toBe(1);
  } finally {
    process.stderr.write = write;
  }
  expect(said.join('')).toMatch(/expected a client of OpenAI's or Anthropic's package/);
  expect(said.join('')).toMatch(/the client cannot be changed/);
});

test('without init, calls go on as they are', async () => {
  const service = await startModelService();
  service.answer(chatAnswer());
  const client = instrument(new OpenAI({ apiKey: 'none', baseURL: service.url }));
  expect((await client.chat.completions.create(ASK)).id).toBe('chatcmpl-1');
});

test('after shutdown, spans go to the provider that is registered then, without what was said', async () => {
  await startTracing();
  await shutdown();
  const service = await startModelService();
  service.answer(chatStream());
  const exporter = new InMemorySpanExporter();
  api.setGlobalTracerProvider(
    new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }),
  );
  const client = instrument(new OpenAI({ apiKey: 'none', baseURL: service.url }));
  for await (const _ of await client.chat.completions.create(STREAMED));
  const [{ name, attributes }] = exporter.getFinishedSpans();
  expect(name).toBe(`chat ${MODEL}`);
  expect(attributes).toMatchObject({ 'gen_ai.operation.name': 'chat', ...CHAT_TOKENS });
  expect(JSON.stringify(attributes)).not.toMatch(/bees/i);
});

test('a body that cannot be read is the concern of the client alone', async () => {
  const { client, all } = await startInstrumented({}, chatAnswer());
  const body = { ...ASK, tools: [] as never[] };
  Object.defineProperty(body, 'messages', {
    enumerable: true,
    get: (() => {
      let reads = 0;
      return () => {
        reads += 1;
        if (reads === 1) throw new Error('not yet');
        return ASK.messages;
      };
    })(),
  });
  expect((await client.chat.completions.create(body)).id).toBe('chatcmpl-1');
  expect(await all()).toHaveLength(1);
});

test.for([
  ['https://api.openai.com/v1', 'openai', 'api.openai.com', 443],
  ['http://localhost:11434/v1', 'openai', 'localhost', 11434],
  ['http://models.test/v1', 'openai', 'models.test', 80],
  ['https://api.groq.com/openai/v1', 'groq', 'api.groq.com', 443],
  ['https://notapi.groq.com.test/v1', 'openai', 'notapi.groq.com.test', 443],
] as const)('%s is %s', ([baseURL, provider, serverAddress, serverPort]) => {
  const client = new OpenAI({ apiKey: 'none', baseURL });
  expect(serviceOf(client, 'openai')).toEqual({ provider, serverAddress, serverPort });
});

test('an Azure client is told apart', () => {
  const client = new AzureOpenAI({
    apiKey: 'none',
    endpoint: 'https://bees.openai.azure.com',
    apiVersion: '2025-01-01',
  });
  expect(serviceOf(instrument(client), 'openai').provider).toBe('azure.ai.openai');
  expect(serviceOf({ baseURL: 'no URL' }, 'openai')).toEqual({ provider: 'openai' });
});

test('a stream that nobody reads ends at shutdown', async () => {
  const { client, one } = await startInstrumented({}, chatStream());
  const stream = await client.chat.completions.create(STREAMED);
  expect(stats().live).toBe(1);
  await shutdown();
  expect((await one(`chat ${MODEL}`)).plain['spandrel.abandoned']).toBe(true);
  for await (const _ of stream);
});

test('trace around it gives the same promise and the same stream', async () => {
  const { client, all } = await startInstrumented({}, chatAnswer(), chatAnswer(), chatStream());
  let given: unknown;
  const ask = trace(
    () => {
      const promise = client.chat.completions.create(ASK);
      given = promise;
      return promise;
    },
    { name: 'ask' },
  );
  const promise = ask();
  expect(promise).toBe(given);
  expect((await promise.withResponse()).data.id).toBe('chatcmpl-1');
  // What the client's own helpers derive from it is followed too.
  const derived = (ask() as unknown as { _thenUnwrap<T>(map: (value: never) => T): Promise<T> })._thenUnwrap(
    () => 'derived',
  );
  expect(await derived).toBe('derived');
  const halves = (await trace(() => client.chat.completions.create(STREAMED), { name: 'stream' })()).tee();
  for (const half of halves) for await (const _ of half);
  const spans = await all();
  expect(spans.map(({ name }) => name).sort()).toEqual([
    'ask',
    'ask',
    ...Array(3).fill(`chat ${MODEL}`),
    'stream',
  ]);
  expect(stats().live).toBe(0);
});

test('a promise that is never awaited, and a stream that is let go of, end when they are collected', async () => {
  const receiver = await receiveOtlp();
  const service = await startModelService();
  service.answer(chatAnswer(), chatStream(), chatStream({ hold: true }), chatStream());
  const program = await bundle(`
    import OpenAI from 'openai';
    import { flush, init, instrument, stats } from './src/index.ts';
    init({ endpoint: ${JSON.stringify(receiver.base)} });
    const client = instrument(new OpenAI({ apiKey: 'none', baseURL: ${JSON.stringify(service.url)}, maxRetries: 0 }));
    const create = (more) => client.chat.completions.create({ model: 'm', messages: [], ...more });
    const use = async () => {
      create();
      await create({ stream: true });
      const iterator = (await create({ stream: true }))[Symbol.asyncIterator]();
      await iterator.next();
    };
    await use();
    const held = await create({ stream: true });
    const before = stats();
    // Once the request that nobody waits for has been answered: its promise is all that is left of it.
    for (let turn = 0; turn < 200 && stats().live > 1; turn += 1) {
      global.gc();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    // Nobody has read it yet, but somebody may.
    for (let turn = 0; turn < 5; turn += 1) {
      global.gc();
      await new Promise(setImmediate);
    }
    const after = stats().live;
    for await (const _ of held);
    await flush();
    console.log(JSON.stringify([before.started, before.live, after, stats().live]));
    process.exit(0);
  `);
  const { stdout, stderr } = await run(program, { flags: ['--expose-gc'] });
  expect([stdout, stderr]).toEqual(['[4,4,1,0]\n', '']);
  const spans = receiver.spans.map(({ attributes }) => plainAttributes(attributes));
  const abandoned = spans.filter((plain) => plain['spandrel.abandoned'] === true);
  expect([spans.length, abandoned.length]).toEqual([4, 3]);
  expect(abandoned.filter((plain) => 'gen_ai.output.messages' in plain)).toHaveLength(1);
});
