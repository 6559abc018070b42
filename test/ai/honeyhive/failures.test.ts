/** What goes wrong: at the server, in the options, at the end of the program. Nothing of it reaches the traced program. */
import * as http from 'node:http';
import { describe, expect, test, vi } from 'vitest';
import { RestQueue } from '../../../src/ai/honeyhive/rest-queue.ts';
import { activeContext, isSuppressed } from '../../../src/api/context.ts';
import { enrichSession, HoneyHiveTracer, traceTool } from '../../../src/honeyhive.ts';
import { init, shutdown, stats } from '../../../src/init.ts';
import { bundle, run } from '../../helpers/api-child.ts';
import { captureWarnings } from '../../helpers/api-recorder.ts';
import { API_KEY, standIn } from '../../helpers/honeyhive-stand-in.ts';
import { propertiesOf, stopHoneyHiveAfterEach } from '../../helpers/honeyhive-test.ts';

const { request } = http;
const warnings = captureWarnings();
stopHoneyHiveAfterEach();

describe('a server that fails', () => {
  test.each([
    ['refuses the key and quotes it', 401, 'application/json', `{"message":"bad key ${API_KEY}"}`],
    ['quotes the key in base64', 403, 'text/plain', btoa(API_KEY)],
    ['sends garbage', 404, 'application/json', '{"\u0000'],
  ])(
    '%s: the program runs, one line says what is lost, the key is in none',
    async (_, status, type, body) => {
      const server = await standIn((response) => {
        response.writeHead(status, { 'content-type': type }).end(body);
        return true;
      });
      const tracer = await HoneyHiveTracer.init(propertiesOf(server));
      expect(traceTool(() => 'runs', { eventName: 'tool' })()).toBe('runs');
      await enrichSession({ metadata: { a: 1 } });
      await tracer.flush();
      expect(server.one('tool').session).toBe(tracer.sessionId);
      expect(warnings.filter((line) => line.includes('/session/start'))).toHaveLength(1);
      expect(warnings.join()).toContain(`HTTP ${status}`);
      expect(warnings.join()).not.toContain(API_KEY);
      expect(warnings.join()).not.toContain(btoa(API_KEY).slice(0, 16));
    },
  );

  test('is asked again after 500 and 503, in the order of the calls', async () => {
    const server = await standIn((response, index) => {
      if (index > 1) return false;
      response.writeHead(index === 0 ? 500 : 503).end();
      return true;
    });
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const tracer = await HoneyHiveTracer.init(propertiesOf(server));
    await tracer.enrichSession({ metadata: { a: 1 } });
    await tracer.flush();
    vi.mocked(Math.random).mockRestore();
    const rest = server.requests.filter(({ path }) => !path.startsWith('/opentelemetry'));
    expect(rest.map(({ path }) => path)).toEqual([
      '/session/start',
      '/session/start',
      '/session/start',
      '/events',
    ]);
    expect(server.faults).toEqual([]);
    expect(warnings).toEqual([]);
  });

  test('that answers 200 with garbage, or with another id, has taken the call', async () => {
    const answers = ['<html>', '{"session_id":"00000000-0000-4000-8000-000000000009"}'];
    const server = await standIn((response, index) => {
      response.writeHead(200).end(answers[index]);
      return true;
    });
    const tracer = await HoneyHiveTracer.init(propertiesOf(server));
    tracer.createSession();
    await tracer.flush();
    expect(warnings.filter((line) => line.includes('another id'))).toHaveLength(1);
    expect(warnings).toHaveLength(1);
  });

  test('that never answers slows neither init nor enrichSession nor a traced call', async () => {
    const held: (() => void)[] = [];
    const server = await standIn((response) => {
      held.push(() => response.writeHead(400).end());
      return true;
    });
    let isSettled = false;
    // All of these are done without one turn of the event loop, in which nothing can arrive.
    setImmediate(() => {
      isSettled = true;
    });
    const tracer = await HoneyHiveTracer.init(propertiesOf(server));
    await tracer.startSession();
    await enrichSession({ metadata: { a: 1 } });
    await traceTool(async () => enrichSession({ metrics: { b: 1 } }))();
    expect(isSettled).toBe(false);
    expect(server.requests).toEqual([]);
    const flushed = tracer.flush();
    await vi.waitFor(() => expect(held).toHaveLength(1));
    held[0]();
    await vi.waitFor(() => expect(held).toHaveLength(2));
    held[1]();
    await flushed;
  });
});

test('REST calls are made outside any trace, whoever causes them', async () => {
  const http = process.getBuiltinModule('node:http');
  const contexts: boolean[] = [];
  const spy = vi.spyOn(http, 'request').mockImplementation(((...parameters: [http.RequestOptions]) => {
    contexts.push(isSuppressed(activeContext()));
    return request(...parameters);
  }) as typeof http.request);
  const server = await standIn();
  const tracer = await HoneyHiveTracer.init(propertiesOf(server));
  await traceTool(async () => {
    await enrichSession({ metadata: { a: 1 } });
    await tracer.flush();
  })();
  spy.mockRestore();
  expect(server.updates).toHaveLength(1);
  expect(contexts.length).toBeGreaterThanOrEqual(2);
  expect(new Set(contexts)).toEqual(new Set([true]));
});

describe('options that cannot be used', () => {
  test.each([
    ['no key', { apiKey: '' }, /apiKey: expected a string.*HH_API_KEY/],
    ['no project', { project: undefined }, /project: expected a string.*HH_PROJECT/],
    ['no URL', { serverUrl: 'nonsense' }, /serverUrl: expected a URL/],
  ])('%s: one clear line, and the program runs untraced', async (_, wrong, expected) => {
    const server = await standIn();
    const tracer = await HoneyHiveTracer.init({ ...propertiesOf(server), ...wrong });
    const tool = tracer.traceTool((a: number) => a + 1);
    expect(tracer.trace(() => tool(1))).toBe(2);
    expect(traceTool(() => 'module')()).toBe('module');
    expect(await tracer.withSession({}, async () => 3)).toBe(3);
    tracer.enrichSpan({ metadata: {} });
    tracer.logModel({});
    tracer.unlink(tracer.link({}));
    await tracer.enrichSession({ metadata: { a: 1 } });
    await tracer.flush();
    expect(tracer.sessionId).toBeUndefined();
    expect(await tracer.startSession()).toBeNull();
    expect(stats().engine).toBe('none');
    expect(server.requests).toEqual([]);
    expect(warnings.filter((line) => expected.test(line))).toHaveLength(1);
    expect(warnings.join()).not.toContain(API_KEY);
  });

  test('a session id that is no UUID: a new session, and one line', async () => {
    const server = await standIn();
    const tracer = await HoneyHiveTracer.init({ ...propertiesOf(server), sessionId: 'mine' });
    traceTool(() => {})();
    tracer.sessionId = 'mine';
    await tracer.flush();
    expect(server.faults).toEqual([]);
    expect(server.sessions).toHaveLength(1);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/sessionId: expected a UUID/);
  });

  test('values that cannot be read: left out, and nothing is thrown', async () => {
    const server = await standIn();
    const cyclic: Record<string, unknown> = { n: 1n };
    cyclic.self = cyclic;
    const hostile = Object.defineProperty({}, 'x', {
      enumerable: true,
      get: () => {
        throw new Error('never');
      },
    });
    const tracer = await HoneyHiveTracer.init({ ...propertiesOf(server), inputs: cyclic });
    traceTool((_: unknown) => {
      tracer.enrichSpan({ metadata: hostile, outputs: cyclic, config: 'text' as never, eventName: 'x' });
      tracer.enrichSpan(null as never);
    })(hostile);
    await tracer.enrichSession({ metadata: hostile, metrics: null as never });
    await enrichSession(null as never);
    await tracer.flush();
    expect(server.faults).toEqual([]);
    expect(server.sessions[0].inputs).toEqual({ n: '1', self: '[Circular]' });
    expect(server.spans).toHaveLength(1);
  });

  test('after init() of the core, whose spans go elsewhere: one clear line, tracing as it was', async () => {
    const server = await standIn();
    init({ exporters: [] });
    const tracer = await HoneyHiveTracer.init(propertiesOf(server));
    expect(tracer.traceTool(() => 1)()).toBe(1);
    expect(warnings.filter((line) => line.includes('tracing was started already by init()'))).toHaveLength(1);
    expect(stats().started).toBe(0);
    await shutdown();
  });
});

describe('the queue of REST calls', () => {
  test('is bounded, and says what is lost', async () => {
    const sent: unknown[] = [];
    const queue = new RestQueue(async (call) => {
      sent.push(call.body);
      return { kind: 'done', body: undefined };
    });
    for (let id = 0; id < 1_100; id += 1) {
      queue.add({ method: 'PUT', path: '/events', body: { id } }, { key: `${id}` });
    }
    queue.add({ method: 'PUT', path: '/events', body: { text: 'x'.repeat(17_000_000) } });
    expect(queue.size).toBe(1_000);
    await queue.flush(10_000);
    expect(sent).toHaveLength(1_000);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('too many calls wait');
  });

  test('makes one call of what follows on each other for one session', async () => {
    const sent: unknown[] = [];
    const queue = new RestQueue(async (call) => {
      sent.push(structuredClone(call.body));
      return { kind: 'done', body: undefined };
    });
    const update = (key: string, body: object): void =>
      queue.add({ method: 'PUT', path: '/events', body: { event_id: key, ...body } }, { key });
    update('a', { metadata: { x: 1, y: 1 } });
    update('a', { metadata: { y: 2 }, metrics: { z: 3 } });
    update('b', { metadata: { x: 4 } });
    const flushed = queue.flush(10_000);
    update('b', { metadata: { x: 5 } });
    await flushed;
    const last = queue.flush(10_000);
    update('c', { metadata: { x: 6 } });
    const sending = queue.flush(10_000);
    // That call is under way: what comes now is a call of its own.
    update('c', { metadata: { late: 7 } });
    await Promise.all([last, sending]);
    expect(sent).toEqual([
      { event_id: 'a', metadata: { x: 1, y: 2 }, metrics: { z: 3 } },
      { event_id: 'b', metadata: { x: 5 } },
      { event_id: 'c', metadata: { x: 6 } },
      { event_id: 'c', metadata: { late: 7 } },
    ]);
  });

  test('says at its end what had no answer', async () => {
    const queue = new RestQueue(() => new Promise(() => {}));
    queue.add({ method: 'POST', path: '/session/start', body: {} });
    await queue.end(1);
    expect(queue.size).toBe(0);
    expect(warnings.join()).toContain('POST /session/start is lost: no answer before the shutdown');
  });

  test('keeps no program alive', () => {
    const timers = (): number =>
      process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const before = timers();
    const queue = new RestQueue(async () => ({ kind: 'done', body: undefined }));
    queue.add({ method: 'PUT', path: '/events', body: {} });
    expect(timers()).toBe(before);
    void queue.flush(1_000);
    expect(timers()).toBe(before + 1);
  });

  test('gives a call up after five attempts, and flush ends at its deadline', async () => {
    let attempts = 0;
    vi.useFakeTimers();
    const queue = new RestQueue(
      async () => {
        attempts += 1;
        return { kind: 'retryable', reason: 'HTTP 500' };
      },
      () => 0,
    );
    queue.add({ method: 'PUT', path: '/events', body: {} });
    let isOver = false;
    void queue.flush(1_000).then(() => {
      isOver = true;
    });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(isOver).toBe(true);
    await vi.advanceTimersByTimeAsync(60_000);
    vi.useRealTimers();
    expect(attempts).toBe(5);
    expect(queue.size).toBe(0);
    expect(warnings.join()).toContain('is lost: HTTP 500');
  });
});

describe('the end of the program', () => {
  const program = (end: string): string => `
    import { enrichSession, HoneyHiveTracer, traceTool } from './src/honeyhive.ts';
    const tracer = await HoneyHiveTracer.init();
    traceTool(() => 1, { eventName: 'last' })();
    await enrichSession({ metadata: { a: 1 } });
    console.log(tracer.sessionId);
    ${end}
  `;

  test('sends what waits, spans and calls, without flush, and REST calls make no span', async () => {
    const server = await standIn();
    const environment = { HH_API_KEY: API_KEY, HH_PROJECT: 'p', HH_API_URL: server.url, HH_SOURCE: 's' };
    const result = await run(await bundle(program('')), { environment });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(server.faults).toEqual([]);
    expect(server.sessions.map(({ session_id }) => session_id)).toEqual([result.stdout.trim()]);
    expect(server.updates).toHaveLength(1);
    expect(server.spans.map(({ name }) => name)).toEqual(['last']);
  });

  test('sends what waits at each of two servers', async () => {
    const server = await standIn();
    const other = await standIn();
    const environment = { HH_API_KEY: API_KEY, HH_PROJECT: 'p', HH_API_URL: server.url };
    const second = `
      const second = await HoneyHiveTracer.init({ serverUrl: '${other.url}' });
      second.traceTool(() => 1, { eventName: 'second' })();`;
    const result = await run(await bundle(program(second)), { environment });
    expect(result).toMatchObject({ code: 0, stderr: '' });
    expect(server.spans.map(({ name }) => name)).toEqual(['last']);
    expect(other.spans.map(({ name }) => name)).toEqual(['second']);
    expect(other.sessions).toHaveLength(1);
  });

  test('is not put off by a server that never answers', async () => {
    const server = await standIn(() => true);
    const environment = { HH_API_KEY: API_KEY, HH_PROJECT: 'p', HH_API_URL: server.url };
    const result = await run(await bundle(program('')), { environment });
    expect(result.code).toBe(0);
    expect(result.stderr).toContain('2 REST calls were not answered when the program ended');
    expect(server.spans.map(({ name }) => name)).toEqual(['last']);
  });

  test('is not put off by the pauses between attempts', async () => {
    let calls = 0;
    const server = await standIn((response) => {
      calls += 1;
      response.writeHead(503).end();
      return true;
    });
    const environment = { HH_API_KEY: API_KEY, HH_PROJECT: 'p', HH_API_URL: server.url };
    const result = await run(await bundle(program('')), { environment });
    expect(result.code).toBe(0);
    expect(calls).toBeGreaterThan(0);
    // A pause is half a second at least, and the end of the program waits for less than two.
    expect(calls).toBeLessThan(5);
  });
});
