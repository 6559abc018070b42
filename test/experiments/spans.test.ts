/** Each item is a trace, with ids of its run; without tracing nothing is missed. */
import { trace } from '@opentelemetry/api';
import { afterEach, describe, expect, test } from 'vitest';
import { span, startSpan, traceModel, usage } from '../../src/index.ts';
import { init, shutdown } from '../../src/init.ts';
import { receiveOtlp } from '../helpers/api-receiver.ts';
import { plainAttributes } from '../helpers/api-recorder.ts';
import { itemsOf, quietly, useExperiments } from '../helpers/experiments.ts';

const bench = useExperiments();
afterEach(() => shutdown());

const data = [
  { id: 'a', inputs: { q: 'first' }, expected: 'FIRST' },
  { id: 'b', inputs: { q: 'second' }, expected: 'other' },
];
const task = async function answer({ inputs }: { inputs: { q: string } }) {
  usage({ inputTokens: 3, outputTokens: 2, cost: 0.25 });
  return span('inner', async () => inputs.q.toUpperCase());
};
const evaluators = {
  exact: ({ output, expected }: { output: string; expected?: string }) => output === expected,
  judged: () => ({ score: 0.5, label: 'half', explanation: 'some of it' }),
  several: () => ({ one: 1, two: 2 }),
  broken: () => {
    throw new Error('no verdict');
  },
};

async function traced(options: object = {}, initOptions: object = {}) {
  const receiver = await receiveOtlp();
  init({ endpoint: receiver.base, ...initOptions });
  const result = await quietly(bench, { name: 'spans', task, data, evaluators, ...options });
  const { spans } = receiver;
  const named = (name: string) => spans.filter((one) => one.name === name);
  const attributesOf = (name: string) => named(name).map(({ attributes }) => plainAttributes(attributes));
  return { result, items: itemsOf(result.file), receiver, spans, named, attributesOf };
}

describe('the trace of an item', () => {
  test('has its task and its evaluators as children, and is in the row', async () => {
    const { items, spans, named } = await traced();
    expect(spans).toHaveLength(2 * 7);
    expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(2);
    for (const { traceId, spanId, scores, id } of items) {
      const own = spans.filter((one) => one.traceId === traceId);
      const nameOf = (parent: string) => own.find((one) => one.spanId === parent)?.name ?? '';
      expect(own.map(({ name, parentSpanId }) => `${nameOf(parentSpanId)} > ${name}`).sort()).toEqual([
        ' > evaluate spans',
        'answer > inner',
        'evaluate spans > answer',
        'evaluate spans > broken',
        'evaluate spans > exact',
        'evaluate spans > judged',
        'evaluate spans > several',
      ]);
      expect(own.find(({ name }) => name === 'evaluate spans')?.spanId).toBe(spanId);
      for (const { attributes } of own)
        expect(plainAttributes(attributes)).toMatchObject({
          'spandrel.experiment.name': 'spans',
          'spandrel.experiment.item_id': id,
          'spandrel.experiment.run_id': expect.stringMatching(/^\d{8}T\d{6}-[0-9a-f]{8}$/),
        });
      expect(scores.map(({ spanId: of }) => nameOf(of as string))).toEqual([
        'exact',
        'judged',
        'several',
        'several',
        'broken',
      ]);
    }
    expect(named('broken').map(({ status }) => status.code)).toEqual([2, 2]);
  });

  test('says scores as the conventions do', async () => {
    const { attributesOf, named } = await traced();
    expect(attributesOf('judged')[0]).toMatchObject({
      'gen_ai.evaluation.name': 'judged',
      'gen_ai.evaluation.score.value': 0.5,
      'gen_ai.evaluation.score.label': 'half',
      'gen_ai.evaluation.explanation': 'some of it',
    });
    expect(
      attributesOf('exact')
        .map((found) => found['gen_ai.evaluation.score.label'])
        .sort(),
    ).toEqual(['false', 'true']);
    const events = named('several')[0].events.map(({ name, attributes }) => [
      name,
      plainAttributes(attributes),
    ]);
    expect(events).toEqual([
      [
        'gen_ai.evaluation.result',
        { 'gen_ai.evaluation.name': 'several.one', 'gen_ai.evaluation.score.value': 1 },
      ],
      [
        'gen_ai.evaluation.result',
        { 'gen_ai.evaluation.name': 'several.two', 'gen_ai.evaluation.score.value': 2 },
      ],
    ]);
  });

  test('has inputs and outputs, unless content is off', async () => {
    const { attributesOf } = await traced();
    const [first] = attributesOf('evaluate spans').filter(
      (found) => found['spandrel.experiment.item_id'] === 'a',
    );
    expect(first).toMatchObject({ 'input.value': '{"q":"first"}', 'output.value': 'FIRST' });
    await shutdown();
    const { attributesOf: without } = await traced({}, { content: 'metadata' });
    expect(without('evaluate spans')[0]).not.toHaveProperty('input.value');
    expect(without('judged')[0]).not.toHaveProperty('gen_ai.evaluation.explanation');
  });

  test('is flushed once, at the end', async () => {
    const { receiver } = await traced({
      data: Array.from({ length: 50 }, (_, q) => ({ inputs: { q: String(q) } })),
    });
    expect(receiver.requests).toHaveLength(1);
  });

  test('is in the row for a waterfall', async () => {
    const { items } = await traced();
    const [root, ...rest] = items[0].spans ?? [];
    expect(root).toMatchObject({ name: 'evaluate spans', parentSpanId: null, startMs: 0, error: false });
    expect(
      rest.map(({ name, parentSpanId, error }) => [name, parentSpanId === root.spanId, error]).sort(),
    ).toEqual([
      ['answer', true, false],
      ['broken', true, true],
      ['exact', true, false],
      ['inner', false, false],
      ['judged', true, false],
      ['several', true, false],
    ]);
  });

  test('stands alone, also where the run is part of a trace, and where the task fails', async () => {
    const receiver = await receiveOtlp();
    init({ endpoint: receiver.base });
    const failing = async () => {
      throw new Error('model down');
    };
    await span('outer', () => quietly(bench, { name: 'inside', task: failing, data: [1] }));
    await shutdown();
    const root = receiver.spans.find(({ name }) => name === 'evaluate inside');
    expect([root?.parentSpanId, root?.status.code, root?.status.message]).toEqual(['', 2, 'model down']);
  });

  test('carries the names that HoneyHive groups by', async () => {
    const { attributesOf, result } = await traced({}, { dialect: 'honeyhive' });
    expect(attributesOf('inner')[0]).toMatchObject({
      'traceloop.association.properties.run_id': result.runId,
      'traceloop.association.properties.datapoint_id': expect.stringMatching(/^[ab]$/),
    });
  });
});

describe('usage', () => {
  test('of calls inside the task is counted once, of every attempt, and that of judges is not', async () => {
    const model = traceModel(async (text: string) => {
      usage({ inputTokens: 10, outputTokens: 1 });
      return text;
    });
    let calls = 0;
    const { items } = await traced({
      data: [1],
      // The tokens of its calls are told again by the task, as a client's sum would be; its cost it alone knows.
      task: async () => {
        await model('one');
        await model('two');
        calls += 1;
        if (calls === 1)
          throw Object.assign(new Error('busy'), { status: 429, headers: { 'retry-after-ms': '1' } });
        usage({ inputTokens: 20, outputTokens: 2, cost: 0.5 });
        return 'done';
      },
      evaluators: { judge: () => model('three') },
    });
    expect(items[0].usage).toEqual({ inputTokens: 40, outputTokens: 4, cost: 0.5 });
    const parents = new Map(items[0].spans?.map(({ spanId, name }) => [spanId, name]));
    expect(
      items[0].spans
        ?.map(({ name, parentSpanId }) => `${parents.get(parentSpanId ?? '') ?? ''} > ${name}`)
        .sort(),
    ).toEqual([
      ' > evaluate spans',
      'evaluate spans > judge',
      'evaluate spans > task',
      'evaluate spans > task',
      'judge > anonymous',
      'task > anonymous',
      'task > anonymous',
      'task > anonymous',
      'task > anonymous',
    ]);
  });

  test('is watched no longer than runs last', async () => {
    await traced({ data: [1, 2] });
    expect(Object.hasOwn(startSpan('after'), 'end')).toBe(false);
  });

  test('that the task reports is in the row and in the metrics', async () => {
    const { items, result } = await traced();
    expect(items[0].usage).toEqual({ inputTokens: 3, outputTokens: 2, cost: 0.25 });
    const found = result.metrics
      .filter(({ name }) => /tokens|cost/.test(name))
      .map(({ name, mean }) => [name, mean]);
    expect(found).toEqual([
      ['input_tokens', 3],
      ['output_tokens', 2],
      ['cost', 0.25],
    ]);
  });
});

test('without tracing a run says nothing, and gives the same but for ids', async () => {
  const result = await quietly(bench, { name: 'untraced', task, data, evaluators });
  expect(result.counts.ok).toBe(2);
  expect(itemsOf(result.file)[0]).toMatchObject({ traceId: null, spanId: null });
  expect(itemsOf(result.file)[0]).not.toHaveProperty('spans');
  expect(bench.lines).toEqual([]);
  expect(trace.getActiveSpan()).toBeUndefined();
});
