/** Programs as they are written for the `honeyhive` package, against a stand-in for its server that checks what it gets. */
import { trace as traceApi } from '@opentelemetry/api';
import { describe, expect, expectTypeOf, test } from 'vitest';
import {
  enrichSession,
  enrichSpan,
  HoneyHiveTracer,
  traceChain,
  traceFunction,
  traceModel,
  traceTool,
} from '../../../src/honeyhive.ts';
import { shutdown } from '../../../src/init.ts';
import { captureWarnings } from '../../helpers/api-recorder.ts';
import { API_KEY, standIn } from '../../helpers/honeyhive-stand-in.ts';
import { propertiesOf, startHoneyHive, stopHoneyHiveAfterEach, turn } from '../../helpers/honeyhive-test.ts';

const warnings = captureWarnings();
stopHoneyHiveAfterEach();

function look(query: string, limit = 3): object {
  return { query, limit };
}

describe('a program for the honeyhive package', () => {
  test('has its session, its spans and its enrichments at the server', async () => {
    const { server, tracer } = await startHoneyHive({ inputs: { query: 'q' }, metadata: { build: 7 } });
    const lookUp = tracer.traceTool(look);
    const callModel = traceModel(
      async ({ prompt }: { prompt: string }) => {
        enrichSpan({
          config: { model: 'm-1', hyperparameters: { temperature: 0 } },
          metrics: { score: 0.5 },
          feedback: { rating: 1 },
          metadata: { tokens: 12 },
          inputs: { template: ['a', 'b'] },
          outputs: { choice: 2 },
          eventName: 'Completion',
        });
        return `about ${prompt}`;
      },
      { metadata: { version: 'v2' }, eventName: 'callModel' },
    );
    const answer = tracer.traceChain(
      async (question: string) => {
        await turn();
        lookUp(question, 5);
        return callModel({ prompt: question });
      },
      { eventName: 'answer' },
    );
    expect(await tracer.trace(() => answer('bees'))).toBe('about bees');
    await tracer.enrichSession({ metrics: { ok: true }, userProperties: { plan: 'pro' } });
    tracer.logModel({ inputs: { a: 1 }, outputs: { b: 2 }, eventName: 'logged' });
    await tracer.flush();

    expect(server.faults).toEqual([]);
    expect(server.sessions).toEqual([
      {
        project: 'shop',
        session_name: 'checkout',
        source: 'test',
        session_id: tracer.sessionId,
        start_time: expect.any(Number),
        inputs: { query: 'q' },
        metadata: { build: 7 },
      },
    ]);
    expect(server.updates).toEqual([
      { event_id: tracer.sessionId, metrics: { ok: true }, user_properties: { plan: 'pro' } },
    ]);
    expect(server.spans.map(({ name }) => name).sort()).toEqual(['answer', 'callModel', 'logged', 'look']);
    expect(new Set(server.spans.map(({ session }) => session))).toEqual(new Set([tracer.sessionId]));
    expect(server.one('look').plain).toMatchObject({
      honeyhive_event_type: 'tool',
      honeyhive_event_name: 'look',
      'honeyhive_inputs._params_.query': 'bees',
      'honeyhive_inputs._params_.limit': '5',
      'honeyhive_outputs.result': '{"query":"bees","limit":5}',
    });
    expect(server.one('callModel').plain).toMatchObject({
      honeyhive_event_type: 'model',
      honeyhive_event_name: 'Completion',
      'honeyhive_config.model': 'm-1',
      'honeyhive_metrics.score': 0.5,
      'honeyhive_feedback.rating': 1,
      'honeyhive_metadata.tokens': 12,
      'honeyhive_metadata.version': 'v2',
      'honeyhive_inputs.template': '["a","b"]',
      'honeyhive_outputs.choice': 2,
      'honeyhive_outputs.result': 'about bees',
    });
    expect(server.one('answer').plain['honeyhive_inputs._params_.question']).toBe('bees');
    expect(server.one('look').parentSpanId).toBe(server.one('answer').spanId);
    expect(server.one('logged').plain).toMatchObject({
      honeyhive_event_type: 'model',
      'honeyhive_inputs.a': 1,
      'honeyhive_outputs.b': 2,
    });
    expect(warnings).toEqual([]);
  });

  test('sends every span with what the server asks, those of instrumentations outside any function included', async () => {
    const { server, tracer } = await startHoneyHive();
    const foreign = traceApi.getTracer('some-instrumentation');
    foreign.startSpan('GET /').end();
    foreign.startSpan('chat m', { attributes: { 'gen_ai.operation.name': 'chat' } }).end();
    tracer.trace(() => foreign.startActiveSpan('inner', (span) => span.end()));
    tracer.getTracer().startActiveSpan('mine', (span) => span.end());
    traceFunction()(function plain() {})();
    await tracer.flush();
    expect(server.faults).toEqual([]);
    expect(server.spans).toHaveLength(5);
    expect(server.one('chat m').plain.honeyhive_event_type).toBe('model');
    expect(server.one('GET /').plain.honeyhive_event_type).toBe('tool');
    expect(server.spans.every(({ session }) => session === tracer.sessionId)).toBe(true);
  });

  test('takes what is not in code from HH_ variables', async () => {
    const server = await standIn();
    const { vi } = await import('vitest');
    vi.stubEnv('HH_API_KEY', API_KEY);
    vi.stubEnv('HH_PROJECT', 'from env');
    vi.stubEnv('HH_API_URL', `${server.url}/`);
    vi.stubEnv('HH_SESSION_NAME', 'named');
    vi.stubEnv('HH_SOURCE', 'staging');
    const tracer = await HoneyHiveTracer.init();
    traceTool(() => 1)();
    await HoneyHiveTracer.flush();
    expect(server.faults).toEqual([]);
    expect(server.sessions).toMatchObject([
      { project: 'from env', session_name: 'named', source: 'staging', session_id: tracer.sessionId },
    ]);
    expect(tracer).toMatchObject({ project: 'from env', sessionName: 'named', source: 'staging' });
  });

  test('goes on in a session that exists, without starting it', async () => {
    const sessionId = '0A1B2C3D-0000-4000-8000-000000000001';
    const { server, tracer } = await startHoneyHive({ sessionId });
    expect(await tracer.startSession()).toBe(sessionId.toLowerCase());
    traceChain(() => 1, { eventName: 'step' })();
    await tracer.flush();
    expect(server.faults).toEqual([]);
    expect(server.sessions).toEqual([]);
    expect(server.one('step').session).toBe(sessionId.toLowerCase());
  });

  test('keeps `this`, sync results, errors and types', async () => {
    const { server, tracer } = await startHoneyHive();
    class Model {
      name = 'm';
      greet = tracer.traceTool(function (this: Model, name: string) {
        return this.name + name;
      });
      ask = tracer.traceModel(
        function ask(this: Model, question: string) {
          if (question === '') throw new RangeError('empty');
          return this.name + question;
        },
        { eventName: 'ask' },
      );
    }
    const model = new Model();
    expect(model.greet('?')).toBe('m?');
    expect(() => model.ask('')).toThrow(new RangeError('empty'));
    const typed = traceTool((a: number, b?: string) => ({ a, b }));
    expectTypeOf(typed).toEqualTypeOf<(a: number, b?: string) => { a: number; b: string | undefined }>();
    await expect(traceTool(async () => Promise.reject(new Error('late')))()).rejects.toThrow('late');
    await tracer.flush();
    expect(server.faults).toEqual([]);
    const failed = server.one('ask');
    expect(failed.plain.honeyhive_error).toBe('empty');
    expect(failed.status.code).toBe(2);
    expect(failed.events.map(({ name }) => name)).toEqual(['exception']);
  });

  test('follows an async generator to its end, children included', async () => {
    const { server, tracer } = await startHoneyHive();
    const child = traceTool(() => {}, { eventName: 'child' });
    const stream = traceModel(
      async function* () {
        yield 'a';
        child();
        yield 'b';
      },
      { eventName: 'stream' },
    );
    const pieces: string[] = [];
    for await (const piece of stream()) pieces.push(piece);
    await tracer.flush();
    expect(pieces).toEqual(['a', 'b']);
    expect(server.one('stream').plain['honeyhive_outputs.result']).toBe('ab');
    expect(server.one('child').parentSpanId).toBe(server.one('stream').spanId);
  });

  test('keeps core attributes of a span with 500 messages and 500 leaves', async () => {
    const { server, tracer } = await startHoneyHive();
    const messages = Array.from({ length: 500 }, (_, index) => ({ role: 'user', content: `m ${index}` }));
    const chat = traceModel(
      (_messages: object[]) => {
        enrichSpan({ metadata: Object.fromEntries(messages.map((_, index) => [`k${index}`, index])) });
        return 'out';
      },
      { eventName: 'chat' },
    );
    chat(messages);
    await tracer.flush();
    expect(server.faults).toEqual([]);
    expect(server.one('chat').plain).toMatchObject({
      'honeyhive_outputs.result': 'out',
      'honeyhive_inputs._params_._messages': JSON.stringify(messages),
    });
    expect(server.one('chat').attributes.length).toBeLessThanOrEqual(128);
  });

  test('tells the server of no content where that is off, and masks what it tells over REST', async () => {
    const off = await startHoneyHive({ content: 'metadata', inputs: { secret: 'prompt' } });
    traceTool((_: string) => 'secret out', { eventName: 'tool' })('secret in');
    enrichSpan({ outputs: { a: 'secret' } });
    await enrichSession({ outputs: { a: 'secret' }, metadata: { kept: 1 } });
    await off.tracer.flush();
    expect(off.server.requests.map(({ body }) => body.toString()).join()).not.toContain('secret');
    expect(off.server.updates).toEqual([{ event_id: off.tracer.sessionId, metadata: { kept: 1 } }]);
    await HoneyHiveTracer.shutdown();
    const masked = await startHoneyHive({
      mask: (text) => text.replaceAll('secret', '***'),
      inputs: { a: ['a secret'] },
    });
    traceTool((_: string) => 'secret', { eventName: 'tool' })('a secret');
    await masked.tracer.flush();
    expect(masked.server.sessions[0].inputs).toEqual({ a: ['a ***'] });
    expect(masked.server.one('tool').plain['honeyhive_inputs._params_._']).toBe('a ***');
  });
});

test.each([
  ['of its own', () => HoneyHiveTracer.shutdown()],
  ['of the core', () => shutdown()],
])('a tracer after a shutdown %s starts anew', async (_, stop) => {
  const first = await startHoneyHive();
  await stop();
  const second = await startHoneyHive();
  traceTool(() => 1, { eventName: 'second' })();
  await second.tracer.flush();
  expect(first.server.spans).toEqual([]);
  expect(second.server.one('second').session).toBe(second.tracer.sessionId);
  expect(propertiesOf(second.server).apiKey).toBe(second.tracer.apiKey);
});
