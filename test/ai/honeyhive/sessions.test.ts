/** Whose a span is: sessions by request, several tracers, several servers, and what travels between services. */
import { trace as traceApi } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { enrichSession, HoneyHiveTracer, traceChain, traceClass, traceTool } from '../../../src/honeyhive.ts';
import { captureWarnings } from '../../helpers/api-recorder.ts';
import { standIn } from '../../helpers/honeyhive-stand-in.ts';
import { propertiesOf, startHoneyHive, stopHoneyHiveAfterEach, turn } from '../../helpers/honeyhive-test.ts';

const warnings = captureWarnings();
stopHoneyHiveAfterEach();

const IDS = [1, 2, 3].map((digit) => `00000000-0000-4000-8000-00000000000${digit}`);

/** Wrapped before any tracer exists, as in a module of a program. */
const handle = traceChain(
  async (id: string) => {
    await turn();
    traceApi.getTracer('some-instrumentation').startSpan(`foreign ${id}`).end();
    await enrichSession({ metadata: { id } });
    await turn();
    return id;
  },
  { eventName: 'handle' },
);

describe('sessions', () => {
  test('of requests never mix through one wrapper of the module, a tracer a request', async () => {
    const { server, tracer: boot } = await startHoneyHive();
    const request = async (sessionId: string): Promise<string> => {
      const tracer = await HoneyHiveTracer.init({ ...propertiesOf(server), sessionId });
      return tracer.trace(() => handle(sessionId));
    };
    await Promise.all(IDS.map(request));
    await boot.flush();
    expect(server.faults).toEqual([]);
    expect(server.spans).toHaveLength(6);
    for (const { plain, session, name } of server.spans) {
      if (name === 'handle') expect(plain['honeyhive_outputs.result']).toBe(session);
      else expect(name).toBe(`foreign ${session}`);
    }
    const updated = server.updates.map(({ event_id, metadata }) => [event_id, metadata]);
    expect(updated.sort()).toEqual(IDS.map((id) => [id, { id }]));
  });

  test('of withSession never mix, and are started but for those that exist', async () => {
    const { server, tracer } = await startHoneyHive();
    const made = await Promise.all(
      ['a', 'b'].map((name) =>
        tracer.withSession({ sessionName: name, userProperties: { name } }, async (id) => {
          await handle(id);
          return id;
        }),
      ),
    );
    await tracer.withSession({ sessionId: IDS[0] }, handle);
    tracer.withSession({ skipApiCall: true }, () => {});
    const created = tracer.createSession({ sessionName: 'c', inputs: { i: 1 } });
    await tracer.flush();
    expect(server.faults).toEqual([]);
    expect(server.sessions.map(({ session_id, session_name }) => [session_name, session_id])).toEqual([
      ['checkout', tracer.sessionId],
      ['a', made[0]],
      ['b', made[1]],
      ['c', created],
    ]);
    expect(server.sessions[1].user_properties).toEqual({ name: 'a' });
    for (const { session, plain } of server.spans.filter(({ name }) => name === 'handle')) {
      expect(plain['honeyhive_outputs.result']).toBe(session);
    }
  });

  test('follow sessionId of the tracer, and stay those of the context where there is one', async () => {
    const { server, tracer } = await startHoneyHive();
    const tool = tracer.traceTool(() => {}, { eventName: 'tool' });
    const before = tracer.sessionId as string;
    tool();
    [tracer.sessionId] = IDS;
    tool();
    tracer.withSession({ sessionId: IDS[1] }, () => tool());
    await tracer.flush();
    expect(server.spans.map(({ session }) => session).sort()).toEqual([IDS[0], IDS[1], before].sort());
  });

  test('that nobody knows are not guessed: with two tracers, a call outside any is not traced, and that is said', async () => {
    const { server, tracer } = await startHoneyHive();
    const second = await HoneyHiveTracer.init({ ...propertiesOf(server), sessionId: IDS[0] });
    expect(traceTool(() => 'runs')()).toBe('runs');
    second.traceTool(() => {}, { eventName: 'bound' })();
    await tracer.flush();
    expect(server.spans.map(({ name, session }) => [name, session])).toEqual([['bound', IDS[0]]]);
    expect(warnings.join()).toMatch(/outside any session, and there are several tracers/);
  });

  test('of two servers stay apart, those of instrumentations and of functions of the module included', async () => {
    const { server, tracer } = await startHoneyHive();
    const otherServer = await standIn();
    const other = await HoneyHiveTracer.init({ ...propertiesOf(otherServer), project: 'other' });
    const child = traceTool(() => {}, { eventName: 'child' });
    other.traceChain(
      () => {
        traceApi.getTracer('some-instrumentation').startActiveSpan('foreign', (span) => {
          child();
          span.end();
        });
      },
      { eventName: 'outer' },
    )();
    tracer.trace(child);
    const bound = other.traceTool(() => {}, { eventName: 'bound' });
    tracer.trace(bound);
    await HoneyHiveTracer.flush();
    expect([...server.faults, ...otherServer.faults]).toEqual([]);
    expect(server.spans.map(({ name, session }) => [name, session])).toEqual([['child', tracer.sessionId]]);
    expect(otherServer.spans.map(({ name }) => name).sort()).toEqual(['bound', 'child', 'outer']);
    expect(new Set(otherServer.spans.map(({ session }) => session))).toEqual(new Set([other.sessionId]));
    expect(otherServer.one('outer').plain['traceloop.association.properties.project']).toBe('other');
  });

  test('go from one service to the next in headers', async () => {
    const { server, tracer } = await startHoneyHive();
    const headers = await tracer.withSession({ sessionId: IDS[2] }, async () =>
      tracer.traceChain(async () => tracer.injectContext({} as Record<string, string>), {
        eventName: 'caller',
      })(),
    );
    expect(headers.baggage).toContain(`session_id=${IDS[2]}`);
    const service = async (): Promise<void> => {
      const token = tracer.link(headers);
      await turn();
      traceTool(() => {}, { eventName: 'callee' })();
      tracer.unlink(token);
      traceTool(() => {}, { eventName: 'after' })();
    };
    await service();
    await tracer.flush();
    expect(server.faults).toEqual([]);
    expect(server.one('callee')).toMatchObject({
      session: IDS[2],
      traceId: server.one('caller').traceId,
      parentSpanId: server.one('caller').spanId,
    });
    expect(server.one('after').session).toBe(tracer.sessionId);
    expect(server.one('after').parentSpanId).toBe('');
  });
});

describe('what the Python SDK has', () => {
  test('traceClass traces the methods of a class', async () => {
    const { server, tracer } = await startHoneyHive();
    class Store {
      items = ['a'];
      find(query: string) {
        return this.items.includes(query);
      }
      hidden() {}
      static open() {
        return new Store();
      }
    }
    traceClass({ eventType: 'tool', exclude: ['hidden'] })(Store);
    const store = Store.open();
    store.hidden();
    expect(store.find('a')).toBe(true);
    await tracer.flush();
    expect(server.faults).toEqual([]);
    expect(server.spans).toHaveLength(2);
    expect(server.one('Store.open').plain.honeyhive_event_type).toBe('tool');
    expect(server.one('Store.find').plain).toMatchObject({
      honeyhive_event_type: 'tool',
      'honeyhive_inputs._params_.query': 'a',
    });
  });

  test('spanNameFilters leave spans out, and none of what is below them', async () => {
    const { server, tracer } = await startHoneyHive({
      spanNameFilters: { include: ['app.', { type: 'prefix', value: 'chat' }], exclude: ['app.internal'] },
    });
    const named = <R>(eventName: string, fn: () => R): R => traceChain(fn, { eventName })();
    named('app.run', () => named('app.internal.step', () => named('other', () => named('chat m', () => 1))));
    await tracer.flush();
    expect(server.faults).toEqual([]);
    expect(server.spans.map(({ name }) => name).sort()).toEqual(['app.run', 'chat m']);
    expect(new Set(server.spans.map(({ traceId }) => traceId)).size).toBe(1);
  });
});
