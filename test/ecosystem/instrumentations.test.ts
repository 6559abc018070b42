/** Instrumentations from the registry record on spandrel what they record on opentelemetry-js. */
import { expect, test } from 'vitest';
import { probeRedis, startModelServer, startRedis } from '../helpers/child-server.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { describeEcosystem, type ProgramResult, runProgram, sameInBothModes } from '../helpers/ecosystem.ts';
import type { ReceivedSpan } from '../helpers/received-spans.ts';
import { outline } from '../helpers/trace-tree.ts';

const INTERNAL = 1;
const SERVER = 2;
const CLIENT = 3;

/** As `sameInBothModes`, and the sender was spandrel, unseen by the instrumentation. */
async function recordsTheSame(...[runOn, comparable]: Parameters<typeof sameInBothModes>) {
  const result = await sameInBothModes(runOn, comparable);
  expect(result.requests[0].headers['user-agent']).toMatch(/Spandrel/);
  expectNoOwnExports(result);
  return result;
}

/** The exporter's own requests went through an instrumented client and left no span. */
function expectNoOwnExports({ spans, requests }: ProgramResult): void {
  const told = JSON.stringify(spans);
  expect(told).not.toContain('/v1/traces');
  expect(told).not.toContain(requests[0].headers.host);
  expect(requests.some(({ headers }) => 'traceparent' in headers || 'baggage' in headers)).toBe(false);
}

/** Headers that carry a context are those of the client span that sent them. */
function expectPropagated(spans: ReceivedSpan[], seen: { path: string; traceparent: string }[]): void {
  for (const { path, traceparent } of seen) {
    const [version, traceId, spanId, flags] = traceparent.split('-');
    const sender = spans.find((span) => span.spanId === spanId);
    // Sampled, and made at random (W3C trace context level 2).
    expect({ version, flags, path }).toEqual({ version: '00', flags: '03', path });
    expect(sender, path).toMatchObject({ traceId, kind: CLIENT });
    expect(JSON.stringify(sender?.attributes)).toContain(path);
  }
}

const paths = (output: { seen: { path: string }[] }) => output.seen.map(({ path }) => path).sort();

describeEcosystem('instrumentations, on spandrel as on opentelemetry-js', () => {
  test('of node:http: servers, clients, hooks, headers, failures', async () => {
    const { trees, spans, output } = await recordsTheSame(
      (sdk, environment) => runProgram('http', sdk, { environment }),
      ({ statuses, seen }) => ({ statuses, paths: paths({ seen }) }),
    );
    expect(output.statuses).toEqual([200, 404, 500, 200, 'ECONNREFUSED']);
    expectPropagated(spans, output.seen);
    expect(outline(trees)).toEqual([
      ...['GET', '  GET', 'GET', 'caller', '  GET', '    GET', '      work', '  GET', '    GET'],
      ...['  POST', '    POST'],
    ]);
  });

  test('of undici: its client and the global fetch', async () => {
    const { spans, output } = await recordsTheSame(
      (sdk, environment) => runProgram('undici', sdk, { environment }),
      paths,
    );
    expectPropagated(spans, output.seen);
    expect(spans.filter(({ kind }) => kind === CLIENT)).toHaveLength(7);
  });

  test('of Express: one trace over two applications that talk by fetch', async () => {
    const { trees, spans, output } = await recordsTheSame(
      (sdk, environment) => runProgram('express', sdk, { environment }),
      ({ answers, seen }) => ({ answers, paths: paths({ seen }) }),
    );
    expectPropagated(spans, output.seen);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
    expect(trees).toHaveLength(1);
    expect(spans.filter(({ kind }) => kind === SERVER)).toHaveLength(3);
    const lookUp = spans.find(({ name }) => name === 'look up');
    expect(lookUp?.attributes).toContainEqual({ key: 'tenant', value: { stringValue: 'blue' } });
  });
});

const describeRedis = requireCounterpart('redis-server', probeRedis);

describeEcosystem('an instrumentation of a client of a database', () => {
  describeRedis('redis-server', () => {
    test('of ioredis: commands, pipelines, transactions, failures', async () => {
      const { spans } = await recordsTheSame(async (sdk, environment) =>
        runProgram('ioredis', sdk, { environment, arguments: [String(await startRedis())] }),
      );
      const failed = spans.filter(({ status }) => status.code === 2);
      expect(failed.map(({ name, events }) => [name, ...events.map((event) => event.name)])).toEqual([
        ['incr', 'exception'],
      ]);
    });
  });
});

describeEcosystem('instrumentations of the client of the OpenAI interface', () => {
  test.for(['openinference', 'traceloop'])('%s: whole, streamed, tool calls, a refusal', async (name) => {
    const { spans, output } = await recordsTheSame(async (sdk, environment) =>
      runProgram('openai', sdk, { environment, arguments: [name, await startModelServer()] }),
    );
    const [whole, streamed, called, streamedCalls, refused] = output.answers;
    expect([typeof whole, typeof streamed, refused]).toEqual(['string', 'string', 404]);
    expect([called, streamedCalls]).toEqual([['search_notes'], ['search_notes']]);
    const agent = spans.find((span) => span.name === 'agent' && span.kind === INTERNAL);
    const calls = spans.filter((span) => span !== agent);
    // Neither instrumentation ends the span of a call that was refused, whatever the SDK.
    expect(calls.map(({ parentSpanId }) => parentSpanId)).toEqual(Array(4).fill(agent?.spanId));
    const told = JSON.stringify(calls);
    for (const text of [whole, streamed, 'Größe 🐝', 'search_notes']) expect(told).toContain(text);
  });
});

describeEcosystem('the ai package', () => {
  test('records steps, tool calls and failures', async () => {
    const { spans, trees } = await recordsTheSame((sdk, environment) =>
      runProgram('openinference', sdk, { environment, arguments: ['none'] }),
    );
    expect(trees).toHaveLength(1);
    expect(spans.length).toBeGreaterThan(5);
    const told = JSON.stringify(spans);
    for (const text of ['Bees dance.', 'notes on bees', 'the model is away']) expect(told).toContain(text);
  });
});
