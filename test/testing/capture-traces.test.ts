/** `captureTraces`: the spans of one function, whatever else runs and wherever other spans go. */
import { context as contextApi, propagation, ROOT_CONTEXT, trace as traceApi } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import {
  BasicTracerProvider,
  InMemorySpanExporter as UpstreamExporter,
  SimpleSpanProcessor as UpstreamProcessor,
} from '@opentelemetry/sdk-trace-base';
import { build } from 'esbuild';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { enrichSpan, usage } from '../../src/ai/enrich.ts';
import { withSession } from '../../src/ai/session.ts';
import {
  span,
  startSpan,
  trace,
  traceAgent,
  traceModel,
  traceRetriever,
  traceTool,
} from '../../src/ai/trace.ts';
import { init, stats } from '../../src/init.ts';
import { captureTraces, matchers } from '../../src/testing.ts';
import { startTracing, stopTracingAfterEach } from '../helpers/ai-spans.ts';
import { balance, captureWarnings } from '../helpers/api-recorder.ts';

stopTracingAfterEach();
const lines = captureWarnings();
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const search = traceRetriever(
  async (query: string) => {
    await turn();
    return [{ id: 7, text: `notes on ${query}` }];
  },
  { name: 'search' },
);
const complete = traceModel(
  async (prompt: string) => {
    enrichSpan({ model: { provider: 'none', model: 'small' } });
    usage({ inputTokens: prompt.length, outputTokens: 5, cacheRead: 2 });
    return 'Yes.';
  },
  { name: 'complete', attributes: { attempt: 1 } },
);
const agent = traceAgent(
  async (question: string) => {
    const [note] = await search(question);
    return complete(`${note.text}?`);
  },
  { name: 'agent' },
);

const outline = (text: string): string => text.replaceAll(/ {2}(inputs|outputs|usage).*$/gm, '');

describe.each([
  ['init runs', () => startTracing()],
  ['init does not run', async () => undefined],
])('captureTraces, where %s', (_, start) => {
  test('gives the spans of a function as a tree of plain values', async () => {
    await start();
    const traces = await captureTraces(() =>
      withSession({ sessionId: 's-1', userId: 'u-1', tags: ['a'] }, () => agent('bees')),
    );
    expect(traces.result).toBe('Yes.');
    expect(traces.roots).toHaveLength(1);
    const [root] = traces.roots;
    const session = { sessionId: 's-1', userId: 'u-1', tags: ['a'] };
    expect(root).toMatchObject({ name: 'agent', type: 'agent', inputs: 'bees', outputs: 'Yes.', session });
    expect(root.children).toMatchObject([
      { name: 'search', type: 'retriever', outputs: [{ id: 7, text: 'notes on bees' }], session },
      {
        name: 'complete',
        type: 'model',
        model: 'small',
        usage: { inputTokens: 14, outputTokens: 5, cacheRead: 2 },
        status: { code: 'UNSET' },
        attributes: { attempt: 1, 'gen_ai.provider.name': 'none' },
        session,
      },
    ]);
    expect(root.find('complete')).toBe(traces.find('complete'));
    expect([root.find('agent'), root.children[0].find('complete')]).toEqual([undefined, undefined]);
    expect(traces.spans.map(({ name }) => name)).toEqual(['agent', 'search', 'complete']);
    expect(traces.missing).toEqual({ open: 0, lost: {} });
    expect(lines).toEqual([]);
  });

  test('has an error as the span says it, and throws what the function throws', async () => {
    await start();
    const fail = trace(
      () => {
        throw new TypeError('no bees');
      },
      { name: 'fail' },
    );
    const error = await captureTraces(fail).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(TypeError);
    const traces = await captureTraces(() => expect(fail).toThrow('no bees'));
    expect(traces.find('fail')).toMatchObject({
      status: { code: 'ERROR', message: 'no bees' },
      events: [{ name: 'exception', attributes: { 'exception.type': 'TypeError' } }],
    });
  });

  test('has the spans that were started through the API too', async () => {
    await start();
    for (let round = 0; round < 2; round++) {
      const traces = await captureTraces(() =>
        span('outer', () =>
          traceApi.getTracer('some-instrumentation', '1.2').startActiveSpan('by hand', (current) => {
            current.setAttribute('key', round);
            expect(traceApi.getActiveSpan()).toBe(current);
            startSpan('inner').end();
            traceApi
              .getTracer('another')
              .startSpan('last', undefined, traceApi.setSpan(contextApi.active(), current))
              .end();
            current.end();
          }),
        ),
      );
      expect(outline(String(traces))).toBe('- outer\n  - by hand\n    - inner\n    - last');
      expect(traces.find('by hand')?.attributes).toEqual({ key: round });
    }
  });

  test('keeps captures apart that run at once, one inside another, and from what is outside', async () => {
    const received = await start();
    const inside = async (name: string) => {
      const traces = await captureTraces(async () => {
        for (const step of [1, 2, 3]) {
          await turn();
          span(`${name} ${step}`, () => turn());
        }
        await turn();
      });
      return traces.spans.map((one) => one.name);
    };
    const both = await captureTraces(async () => {
      startSpan('outer').end();
      return inside('nested');
    });
    const [a, b, , c] = await Promise.all([inside('a'), inside('b'), span('outside', turn), inside('c')]);
    for (const [name, found] of Object.entries({ a, b, c, nested: both.result })) {
      expect(found).toEqual([1, 2, 3].map((step) => `${name} ${step}`));
    }
    expect(both.spans.map(({ name }) => name)).toEqual(['outer']);
    if (received !== undefined) expect((await received.all()).map(({ name }) => name)).toEqual(['outside']);
  });

  test('does not get what ends or starts after the function, and nobody else does', async () => {
    const received = await start();
    let late: Promise<void> | undefined;
    const traces = await captureTraces(() => {
      const open = startSpan('open');
      late = (async () => {
        await turn();
        open.end();
        startSpan('late').end();
      })();
    });
    await late;
    expect(traces.spans).toEqual([]);
    expect(String(traces)).toMatch(/not ended when the function was done: 1/);
    if (received !== undefined) expect(await received.all()).toEqual([]);
  });

  test('needs no timer', async () => {
    await start();
    vi.useFakeTimers({ toFake: ['setTimeout', 'setImmediate', 'setInterval', 'Date', 'performance'] });
    const traces = await captureTraces(() => trace(async () => 1, { name: 'one' })());
    expect(traces.find('one')?.outputs).toBe(1);
  });
});

describe('what init settled', () => {
  test('holds in a capture: masks, content, limits, dialect; its own numbers do not move', async () => {
    const { all } = await startTracing({
      mask: (text) => text.replaceAll('bees', '[insects]'),
      limits: { attributeCountLimit: 6 },
      dialect: 'openinference',
    });
    const work = traceTool((query: string) => ({ query }), {
      name: 'work',
      attributes: { one: 1, two: 2, three: 3 },
    });
    const traces = await captureTraces(() => work('bees'));
    const [found] = traces.roots;
    expect(found).toMatchObject({ type: 'tool', inputs: '[insects]', outputs: { query: '[insects]' } });
    expect(found.attributes).toMatchObject({ 'openinference.span.kind': 'TOOL' });
    expect(found.attributes).not.toHaveProperty('three');
    expect(stats().started).toBe(0);
    work('tides');
    expect((await all()).map(({ plain }) => plain['input.value'])).toEqual(['tides']);
    expect(balance(stats())).toBe(0);
  });

  test.each([
    ['content', { content: 'metadata' }, {}, undefined],
    ['content of the capture', { content: 'metadata' }, { content: 'all' }, 'bees'],
    ['mask of the capture', {}, { mask: () => '[m]' }, '[m]'],
  ] as const)('%s', async (_, initial, options, inputs) => {
    await startTracing(initial);
    const traces = await captureTraces(() => search('bees'), options);
    expect(traces.roots[0].inputs).toBe(inputs);
  });

  test('gives way to the dialect of the capture', async () => {
    await startTracing({ dialect: 'genai' });
    const { roots } = await captureTraces(() => search('bees'), { dialect: 'openinference' });
    expect(roots[0]).toMatchObject({ type: 'retriever', inputs: 'bees' });
    expect(roots[0].attributes).toMatchObject({ 'openinference.span.kind': 'RETRIEVER' });
  });

  test('may come after a first capture, and keeps the spans of the API', async () => {
    await captureTraces(() => search('bees'));
    const { all } = await startTracing();
    traceApi.getTracer('later').startSpan('by hand').end();
    await search('tides');
    expect((await all()).map(({ name }) => name).sort()).toEqual(['by hand', 'search']);
    expect(lines).toEqual([]);
  });

  test('gives way to the GenAI names where its own are not read back', async () => {
    await startTracing({ dialect: 'traceloop' });
    const { roots } = await captureTraces(() => search('bees'));
    expect(roots[0]).toMatchObject({ type: 'retriever', inputs: 'bees' });
    expect(roots[0].attributes).toMatchObject({ 'gen_ai.operation.name': 'retrieval' });
  });

  test('that nothing is sampled does not hold: a test sees its spans', async () => {
    vi.stubEnv('OTEL_TRACES_SAMPLER', 'always_off');
    init({ exporters: [] });
    expect((await captureTraces(() => search('bees'))).spans).toHaveLength(1);
  });

  test('is of no matter to a span that was started in no context', async () => {
    const { all } = await startTracing();
    const traces = await captureTraces(() =>
      traceApi.getTracer('library').startSpan('rooted', {}, ROOT_CONTEXT).end(),
    );
    expect(traces.spans.map(({ name }) => name)).toEqual(['rooted']);
    expect(await all()).toEqual([]);
  });

  test('is read back as the value that was captured, and text that only looks like one as text', async () => {
    const give = trace((value: unknown) => value, { name: 'give' });
    for (const value of [5, true, null, '1.0', '{"a": 1}', '12345678901234567890', { a: [1] }, 'bees']) {
      expect((await captureTraces(() => give(value))).roots[0].outputs).toEqual(value);
    }
  });
});

describe('beside another SDK', () => {
  test('a capture has the spans of trace, and the API those of the SDK that is registered', async () => {
    const exporter = new UpstreamExporter();
    const provider = new BasicTracerProvider({ spanProcessors: [new UpstreamProcessor(exporter)] });
    traceApi.setGlobalTracerProvider(provider);
    contextApi.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    const traces = await captureTraces(async () => {
      traceApi.getTracer('theirs').startSpan('theirs').end();
      await search('bees');
    });
    expect(traces.spans.map(({ name }) => name)).toEqual(['search']);
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['theirs']);
    propagation.disable();
  });
});

describe('a matcher', () => {
  const capture = () => captureTraces(() => span('request', () => agent('bees')));
  const { toHaveSpan, toHaveNoErrors, toUseFewerTokensThan } = matchers;

  test.each([
    ['agent', {}],
    ['agent', { type: 'agent', inputs: 'bees', outputs: /^Yes/, parent: 'request' }],
    ['request', { parent: null, type: undefined }],
    ['search', { outputs: [{ id: 7, text: 'notes on bees' }], parent: 'agent' }],
    ['search', { outputs: [expect.objectContaining({ id: expect.any(Number) })] }],
    ['search', { outputs: '[{"id":7,"text":"notes on bees"}]' }],
    ['complete', { attributes: { attempt: 1, 'no.such': undefined }, inputs: /notes/ }],
  ] as const)('finds %s as %o', async (name, expected) => {
    expect(toHaveSpan(await capture(), name, expected as object).pass).toBe(true);
  });

  test.each([
    ['nobody', {}, /no span has that name/],
    ['agent', { type: 'tool' }, /type is "agent"/],
    ['agent', { inputs: 'tides' }, /inputs is "bees"/],
    ['search', { outputs: [{ id: 7 }] }, /outputs is \[\{"id":7,"text"/],
    ['search', { outputs: [] }, /outputs is/],
    ['complete', { outputs: /^yes/ }, /outputs is "Yes."/],
    ['complete', { attributes: { attempt: 2 } }, /attribute attempt is 1/],
    ['complete', { parent: 'request' }, /its parent is "agent"/],
    ['complete', { parent: null }, /its parent is "agent"/],
    ['request', { inputs: /./ }, /inputs is undefined/],
    ['complete', { ouputs: 'Yes.' }, /"ouputs" is nothing that can be expected of a span/],
  ] as const)('does not find %s as %o, and says what came', async (name, expected, said) => {
    const { pass, message } = toHaveSpan(await capture(), name, expected as object);
    expect(pass).toBe(false);
    expect(message()).toMatch(said);
    expect(message()).toContain(`expected a span "${name}"`);
    expect(outline(message())).toContain(
      'The spans that came:\n- request\n  - agent  [agent]\n    - search  [retriever]\n    - complete  [model]',
    );
  });

  test('looks for errors, and is not content with no span at all', async () => {
    expect(toHaveNoErrors(await capture()).pass).toBe(true);
    expect(toHaveNoErrors(await captureTraces(() => {}))).toMatchObject({ pass: false });
    const failed = await captureTraces(() =>
      span('request', () =>
        expect(trace(() => Promise.reject(new Error('late')), { name: 'work' })()).rejects.toThrow(),
      ),
    );
    const { pass, message } = toHaveNoErrors(failed);
    expect(pass).toBe(false);
    expect(message()).toMatch(
      /1 failed:\n {2}work: late\n\nThe spans that came:\n- request\n {2}- work.*ERROR: late/,
    );
  });

  test('counts the tokens of the calls of models, once where a span above repeats them', async () => {
    const traces = await captureTraces(() =>
      span('request', async () => {
        await agent('bees');
        await agent('tides');
        usage({ inputTokens: 29, outputTokens: 10 });
      }),
    );
    expect(traces.tokens).toBe(39);
    expect(toUseFewerTokensThan(traces, 40).pass).toBe(true);
    expect(toUseFewerTokensThan(traces, 39)).toMatchObject({ pass: false });
    expect(toUseFewerTokensThan(traces, 39).message()).toMatch(/fewer than 39 tokens, got 39/);
    expect(toUseFewerTokensThan(traces.roots[0].children[0], 20).pass).toBe(true);
    const none = toUseFewerTokensThan(await captureTraces(() => search('bees')), 5);
    expect([none.pass, none.message()]).toEqual([false, expect.stringMatching(/no span with a usage/)]);
  });

  test('refuses what is no capture', () => {
    expect(() =>
      toHaveSpan(
        captureTraces(() => 1),
        'one',
      ),
    ).toThrow(/Did you await captureTraces/);
  });
});

test('nothing of it is in the entry that programs load', async () => {
  const { metafile } = await build({
    entryPoints: ['src/index.ts', 'src/otel.ts', 'src/register.ts'],
    bundle: true,
    format: 'esm',
    outdir: 'none',
    platform: 'node',
    external: ['@opentelemetry/api'],
    metafile: true,
    write: false,
  });
  const inside = Object.keys(metafile.inputs).filter((path) => /src\/testing|read-fields/.test(path));
  expect(inside).toEqual([]);
  expect(Object.keys(metafile.inputs)).toContain('src/ai/trace.ts');
});
