/** Sessions and shared attributes: carried by the context, on every span of the provider. */
import { trace as traceApi } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { currentSpan, extract, inject, withAttributes, withSession } from '../../src/ai/session.ts';
import { trace } from '../../src/ai/trace.ts';
import { startTracing, stopTracingAfterEach } from '../helpers/ai-spans.ts';

stopTracingAfterEach();

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('withSession', () => {
  test('three at once through one wrapper never mix, spans of instrumentations included', async () => {
    const { all } = await startTracing();
    const foreign = traceApi.getTracer('some-instrumentation');
    const handle = trace(
      async (id: string) => {
        await turn();
        foreign.startSpan(`foreign ${id}`).end();
        await turn();
      },
      { name: 'handle' },
    );
    const request = (id: string) =>
      withSession({ sessionId: `session ${id}`, userId: id, tags: ['t'], metadata: { plan: id } }, () =>
        handle(id),
      );
    await Promise.all(['a', 'b', 'c'].map(request));
    for (const { plain, name } of await all()) {
      const id = String(plain['user.id']);
      expect(plain).toMatchObject({
        'session.id': `session ${id}`,
        'gen_ai.conversation.id': `session ${id}`,
        'spandrel.metadata.plan': id,
      });
      if (name.startsWith('foreign')) expect(name).toBe(`foreign ${id}`);
    }
  });

  test('inner members win, and what was outside is back afterwards', async () => {
    const { one } = await startTracing();
    withSession({ sessionId: 'outer', userId: 'u' }, () => {
      withSession({ sessionId: 'inner' }, () => trace(() => {}, { name: 'inner' })());
      trace(() => {}, { name: 'outer' })();
    });
    trace(() => {}, { name: 'none' })();
    expect((await one('inner')).plain).toMatchObject({ 'session.id': 'inner', 'user.id': 'u' });
    expect((await one('outer')).plain).toMatchObject({ 'session.id': 'outer', 'user.id': 'u' });
    expect((await one('none')).plain).toEqual({});
  });

  test('keeps its place however many attributes a span has', async () => {
    const { one } = await startTracing({ limits: { attributeCountLimit: 8 } });
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`key ${index}`, index]));
    const call = trace((_: string) => 'out', { name: 'call', type: 'tool', attributes: many });
    withSession({ sessionId: 's' }, () => call('in'));
    const { plain, droppedAttributesCount } = await one('call');
    expect(plain).toMatchObject({
      'session.id': 's',
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.call.arguments': 'in',
      'gen_ai.tool.call.result': 'out',
    });
    expect(Object.keys(plain)).toHaveLength(8);
    expect(Number(droppedAttributesCount)).toBe(500 - 3);
  });
});

test.each(['genai', 'genai-1.36', 'openinference', 'honeyhive', 'langfuse', 'traceloop'] as const)(
  'in dialect %s, more metadata than a span may have attributes leaves session, type, input and output',
  async (dialect) => {
    const { one } = await startTracing({ dialect });
    const metadata = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`member-${n}`, n]));
    const answer = trace((question: string) => `${question}, answered`, { name: 'answer', type: 'model' });
    withSession({ sessionId: 'the-session', metadata }, () =>
      withAttributes(metadata, () => answer('asked')),
    );
    const { plain } = await one('answer');
    const text = JSON.stringify(plain);
    for (const kept of ['the-session', '"asked', 'asked, answered']) expect(text).toContain(kept);
    expect(Object.keys(plain)).toHaveLength(128);
  },
);

test('what is said last of an attribute counts, in a session or beside it', async () => {
  const { one } = await startTracing();
  const named = (name: string) => trace(() => {}, { name })();
  withAttributes({ 'session.id': 'a' }, () => withSession({ sessionId: 'b' }, () => named('inner session')));
  withSession({ sessionId: 'b' }, () =>
    withAttributes({ 'session.id': 'a' }, () => named('inner attribute')),
  );
  expect((await one('inner session')).plain['session.id']).toBe('b');
  expect((await one('inner attribute')).plain['session.id']).toBe('a');
});

test('as baggage, a session reaches the next service', async () => {
  const { one } = await startTracing();
  const headers: Record<string, string> = {};
  withSession({ sessionId: 's 1', userId: 'ü' }, () => trace(() => inject(headers), { name: 'caller' })(), {
    asBaggage: true,
  });
  extract(headers, () => trace(() => {}, { name: 'callee' })());
  const [caller, callee] = [await one('caller'), await one('callee')];
  expect(callee.parentSpanId).toBe(caller.spanId);
  expect(callee.plain).toMatchObject({ 'session.id': 's 1', 'user.id': 'ü' });
});

test('the headers of the Fetch standard carry a trace and a session as well', async () => {
  const { one } = await startTracing();
  const { headers } = new Request('http://127.0.0.1/');
  withSession({ sessionId: 's' }, () => trace(() => inject(headers), { name: 'caller' })(), {
    asBaggage: true,
  });
  extract(headers, () => trace(() => {}, { name: 'callee' })());
  const [caller, callee] = [await one('caller'), await one('callee')];
  expect(callee.parentSpanId).toBe(caller.spanId);
  expect(callee.plain).toMatchObject({ 'session.id': 's' });
});

test('not as baggage, it stays here', async () => {
  await startTracing();
  const headers: Record<string, string> = {};
  withSession({ sessionId: 's' }, () => trace(() => inject(headers))());
  expect(Object.keys(headers)).toEqual(['traceparent']);
});

test('withAttributes puts attributes on every span started in it', async () => {
  const { one } = await startTracing();
  withAttributes({ tenant: 't', nested: [1, 2] }, () => trace(() => {}, { name: 'call' })());
  expect((await one('call')).plain).toEqual({ tenant: 't', nested: [1, 2] });
});

test('currentSpan is the active one', async () => {
  await startTracing();
  expect(currentSpan()).toBeUndefined();
  trace(() => expect(currentSpan()).toBe(traceApi.getActiveSpan()))();
});
