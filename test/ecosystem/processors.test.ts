/**
 * Span processors of other projects on spandrel's provider do what they do on opentelemetry-js: they rename, mask,
 * filter, re-root, buffer and wrap the spans they are given, some of it after the span has ended.
 */
import { expect, test } from 'vitest';
import {
  describeEcosystem,
  type ProgramResult,
  runProgram,
  sameOnBoth,
  treesByPath,
} from '../helpers/ecosystem.ts';
import { outline } from '../helpers/trace-tree.ts';

const text = (value: string) => ({ stringValue: value });

/** The transactions in the envelopes that reached Sentry's end, without what differs from run to run. */
function transactions({ requests }: ProgramResult): unknown[] {
  const lines = requests
    .filter(({ path }) => path.startsWith('/api/1/envelope/'))
    .flatMap(({ body }) => body.toString().split('\n'));
  const items = lines.filter((line) => line !== '').map((line) => JSON.parse(line));
  return items
    .filter(({ spans }) => spans !== undefined)
    .map(({ transaction, contexts, spans }) => ({
      transaction,
      trace: { ...contexts.trace, span_id: '', trace_id: '' },
      spans: spans.map((span: { description: string; data: object; parent_span_id: string }) => ({
        ...span,
        ...{ span_id: '', trace_id: '', start_timestamp: 0, timestamp: 0 },
        parent_span_id: span.parent_span_id === contexts.trace.span_id ? 'the transaction' : 'another',
      })),
    }));
}

async function expectSentryWorks(ids: string): Promise<void> {
  const results: ProgramResult[] = [];
  const { spans, output } = await sameOnBoth(async (sdk) => {
    const result = await runProgram('sentry', sdk, { arguments: [ids] });
    results.push(result);
    return { ...result, requests: result.requests.filter(({ path }) => path === '/v1/traces') };
  });
  const [upstream, spandrel] = results.map(transactions);
  expect(spandrel).toEqual(upstream);
  expect(spandrel).toMatchObject([
    { transaction: 'GET /ask', spans: [{ parent_span_id: 'the transaction' }, { description: 'renamed' }] },
  ]);
  expect(spans).toHaveLength(3);
  expect(output.headers).toEqual(expect.arrayContaining(['baggage', 'sentry-trace']));
}

describeEcosystem('processors of other projects, on spandrel as on opentelemetry-js', () => {
  test('Langfuse masks after the end, and only masked values arrive anywhere', async () => {
    const result = await sameOnBoth((sdk) =>
      runProgram('langfuse', sdk, { expectedNoise: /Langfuse SDK.*WARN.*fully masking/ }),
    );
    const { '/langfuse/api/public/otel/v1/traces': langfuse, '/own/v1/traces': own } = treesByPath(result);
    expect(outline(langfuse).sort()).toEqual(['  ai.generateText', '  kept', 'generation']);
    expect(outline(own)).toHaveLength(4);
    for (const [generation] of [langfuse, own]) {
      expect(generation.attributes).toMatchObject({
        'langfuse.observation.input': text('{"question":"Is *** valid?"}'),
        'langfuse.observation.output': text('*** is valid'),
        'langfuse.trace.input': text('***'),
        'langfuse.observation.metadata': text('<fully masked due to failed mask function>'),
        'langfuse.environment': text('test'),
        'langfuse.release': text('7'),
      });
    }
    for (const { body } of result.requests) expect(body.toString('latin1')).not.toContain('card-4');
  });

  test.for(['batch', 'simple'])('OpenInference (%s) translates, re-roots and filters', async (kind) => {
    const { trees } = await sameOnBoth((sdk) => runProgram('openinference', sdk, { arguments: [kind] }));
    // The server's span is filtered out and those below it became roots, with a status and a kind.
    expect(trees.map(({ place }) => place)).toEqual(['root', 'root']);
    expect(trees.map(({ status }) => status.code).sort()).toEqual([1, 2]);
    for (const { attributes } of trees) expect(attributes).toHaveProperty('openinference.span.kind');
    expect(outline(trees).length).toBeGreaterThan(5);
  });

  test('baggage becomes attributes at the start', async () => {
    const { spans } = await sameOnBoth((sdk) => runProgram('baggage', sdk));
    const tenants = spans.map(({ name, attributes }) => [name, attributes.map(({ value }) => value)]);
    expect(Object.fromEntries(tenants)).toEqual({
      outer: [text('blue')],
      inner: [text('blue')],
      without: [],
    });
  });

  test.for([
    ['proto', 'some'],
    ['given', 'all'],
  ])('Traceloop renames, deletes and wraps: exporter %s, scopes %s', async ([exporter, scopes]) => {
    const { spans } = await sameOnBoth((sdk) =>
      runProgram('traceloop', sdk, { arguments: [exporter, scopes] }),
    );
    expect(spans.some(({ name }) => name === 'strange')).toBe(scopes === 'all');
    const keys = spans.flatMap(({ attributes }) => attributes.map(({ key }) => key));
    expect(keys).toContain('gen_ai.agent.name');
    expect(keys.filter((key) => /^ai\.(prompt|response|usage)/.test(key))).toEqual([]);
  });

  test.for(['own', 'given'])('Braintrust filters and adds (%s exporter)', async (exporter) => {
    const { spans } = await sameOnBoth((sdk) => runProgram('braintrust', sdk, { arguments: [exporter] }));
    expect(spans.map(({ name }) => name).sort()).toEqual(['kept', 'llm.call', 'plain']);
    for (const { attributes } of spans) {
      const keys = attributes.map(({ key }) => key);
      expect(keys).toEqual(expect.arrayContaining(['braintrust.context_json', 'braintrust.parent']));
    }
  });

  test.for(['processor', 'exporter', 'both'])(
    'LangSmith writes at the start and as it exports: %s',
    async (which) => {
      const { spans } = await sameOnBoth((sdk) =>
        runProgram('langsmith', sdk, { arguments: [which], environment: { LANGSMITH_TRACING: 'true' } }),
      );
      const traced = ['ai.generateText', 'ai.generateText.doGenerate'];
      const names = which === 'exporter' ? [...traced, 'between', 'request'] : traced;
      expect(spans.map(({ name }) => name).sort()).toEqual(names);
      const keys = new Set(spans.flatMap(({ attributes }) => attributes.map(({ key }) => key)));
      expect(keys.has('langsmith.is_root')).toBe(which !== 'exporter');
      expect(keys.has('transformed')).toBe(which !== 'processor');
      expect(keys.has('ai.telemetry.metadata.customer')).toBe(which === 'processor');
    },
  );

  test('Logfire buffers whole traces, pending spans and evaluations', async () => {
    const result = await sameOnBoth((sdk) => runProgram('logfire', sdk));
    const { '/tail/v1/traces': tail, '/pending/v1/traces': pending } = treesByPath(result);
    expect(outline(tail).filter((line) => line.trim() === 'request')).toHaveLength(2);
    // Each span twice: as it started, below itself, and as it ended.
    expect(outline(pending)).toHaveLength(24);
    const { seen, captured } = result.output;
    // Replayed late: the spans that had ended by then say so, with what was set after they started.
    expect(seen[1]).toEqual(['start', 'first', true, { late: 'set after the start was buffered' }]);
    expect(captured.map(([name]: [string]) => name)).toEqual(['first', 'second', 'third', 'request']);
  });

  test('Sentry samples, propagates and gathers a transaction', () => expectSentryWorks('foreign-ids'));

  // Sentry takes flags other than exactly 1 for unsampled (`spanIsSampled` of @sentry/core): the random flag of Trace
  // Context Level 2 must not be among those of a span's context.
  test('Sentry does so with ids of the SDK itself', () => expectSentryWorks('own-ids'));

  test.for(['inside', 'moved'])('Vercel ends what is still open with the root (%s)', async (where) => {
    const { spans, output } = await sameOnBoth((sdk) => runProgram('vercel', sdk, { arguments: [where] }));
    expect(output).toContainEqual(['left open', true]);
    const root = spans.find(({ name }) => name === 'GET /page');
    expect(root?.attributes.map(({ key }) => key)).toContain('operation.name');
  });
});
