/** The programs of docs/guides/, as they stand. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { requireCounterpart } from './helpers/counterparts.ts';
import { blocksOf, guideFolder, runBlock } from './helpers/guide-programs.ts';

const FOLDER = 'docs/guides';
const describeBuilt = requireCounterpart('the built package', () =>
  existsSync('dist/esm/testing.mjs') ? undefined : 'Expected dist/, which `npm run build` makes.',
);

/** Runs a program of a guide, which must end well and say nothing on stderr, where a fault of tracing would be said. */
async function runGuide(name: string, options?: Parameters<typeof runBlock>[1] & { block?: number }) {
  const code = blocksOf(join(FOLDER, `${name}.md`), 'js')[options?.block ?? 0];
  const result = await runBlock(code, options);
  expect([result.code, result.stderr], result.stdout).toEqual([0, '']);
  return result;
}

describeBuilt('the guide', () => {
  test('to agents', async () => {
    const { stdout, edges, attributes } = await runGuide('agent');
    expect(stdout).toContain('Yes, says notes on bees at 21 degrees.');
    expect(edges).toEqual([' > answer', 'answer > complete', 'answer > search', 'answer > weather']);
    expect(attributes('answer')[0]).toMatchObject({
      'gen_ai.operation.name': 'invoke_agent',
      'session.id': 'chat-1',
      'user.id': 'u-42',
      'spandrel.metadata.documents': 1,
    });
    expect(attributes('complete')[0]).toMatchObject({
      'gen_ai.request.model': 'gpt-5-mini',
      'gen_ai.usage.input_tokens': 120,
      'gen_ai.usage.cache_read.input_tokens': 64,
      'session.id': 'chat-1',
    });
  });

  test('to streams', async () => {
    const { stdout, edges, attributes, receiver } = await runGuide('streaming');
    expect(stdout).toContain('Bees dance at noon\nAbortError\n');
    expect(edges.filter((edge) => edge === 'tokens > fetch piece')).toHaveLength(6);
    expect(edges.filter((edge) => edge.startsWith(' > '))).toEqual([
      ' > slow',
      ' > stream',
      ' > tokens',
      ' > tokens',
    ]);
    const [all, some] = ['all', 'some'].map((prompt) =>
      attributes('tokens').find((found) => found['input.value'] === prompt),
    );
    expect(all).toMatchObject({ 'output.value': 'Bees dance at noon' });
    expect(all).not.toHaveProperty('spandrel.output.partial');
    expect(some).toMatchObject({ 'output.value': 'Bees dance', 'spandrel.output.partial': true });
    expect(attributes('stream')[0]).toMatchObject({ 'spandrel.output.partial': true });
    expect(attributes('slow')[0]).toMatchObject({ 'output.value': 'one', 'spandrel.output.partial': true });
    const slow = receiver.spans.find(({ name }) => name === 'slow');
    expect([slow?.status.code, slow?.events[0].name]).toEqual([2, 'exception']);
  });

  test('to sessions in a server', async () => {
    const { stdout, edges, attributes } = await runGuide('sessions');
    expect(stdout).toBe("[ 'facts about bees', 'facts about bees', 'facts about bees' ]\n");
    expect(edges).toEqual([...Array(3).fill(' > chat'), ...Array(3).fill('chat > look up')]);
    for (const name of ['chat', 'look up']) {
      const users = attributes(name).map((found) => `${found['session.id']} ${found['user.id']}`);
      expect(users.sort()).toEqual(['a u-a', 'b u-b', 'c u-c']);
    }
  });

  test('to masks', async () => {
    const { attributes, receiver } = await runGuide('masking');
    const sent = receiver.requests.map(({ body }) => body.toString('latin1')).join('');
    for (const text of ['Ada', 'ada@mail.test', 'the whole letter', '4111', 'milk', 'token=1']) {
      expect(sent).not.toContain(text);
    }
    expect(attributes('greet')[0]['output.value']).toMatch(/^Hello \[greet\], we write to /);
    expect(attributes('secret')[0]).not.toHaveProperty('output.value');
    expect(attributes('order')[0]).toMatchObject({ 'input.value': '{"lines":2}', 'output.value': '2' });
    expect(attributes('call')).toHaveLength(1);
  });

  test("to moving from Langfuse's SDK", async () => {
    const { edges, attributes, receiver } = await runGuide('from-langfuse');
    expect(edges).toEqual([' > request', 'request > answer']);
    expect(receiver.requests[0].headers.authorization).toBe(`Basic ${btoa('pk:sk')}`);
    expect(attributes('answer')[0]).toMatchObject({
      'langfuse.observation.type': 'generation',
      'langfuse.observation.model.name': 'gpt-5-mini',
      'session.id': 's-1',
      'user.id': 'u-1',
    });
  });

  test('to moving from OpenTelemetry by hand', async () => {
    const { edges, attributes } = await runGuide('from-opentelemetry');
    expect(edges).toEqual([
      ' > search',
      ' > search by hand',
      'rank > step by hand',
      'rank > step by hand',
      'search > rank',
      'search by hand > rank',
    ]);
    expect(attributes('search')[0]).toMatchObject({ 'input.value': 'tides', 'output.value': '["tides"]' });
  });

  test('to tests', async () => {
    const { stdout } = await runGuide('testing', { flags: ['--test', '--test-reporter=spec'] });
    expect(stdout).toMatch(/pass 1\b/);
    const [code, matchers] = [
      blocksOf(`${FOLDER}/testing.md`, 'js')[0],
      blocksOf(`${FOLDER}/testing.md`, 'ts')[0],
    ];
    const failing = await runBlock(code.replace("outputs: ['notes on bees']", "outputs: ['tides']"), {
      flags: ['--test', '--test-reporter=spec'],
    });
    expect([failing.code, failing.stdout]).toEqual([
      1,
      expect.stringContaining('outputs is ["notes on bees"]'),
    ]);
    // What the block of Vitest calls is there; test/testing runs a suite of its kind.
    for (const name of ['toHaveSpan', 'toHaveNoErrors', 'toUseFewerTokensThan'])
      expect(matchers).toContain(name);
  });

  test('to experiments', async () => {
    const folder = guideFolder();
    const [code] = blocksOf(`${FOLDER}/experiments.md`, 'js');
    const { code: exitCode, stdout, stderr, edges, attributes } = await runBlock(code, { folder });
    expect([exitCode, stderr]).toEqual([0, expect.stringMatching(/^capitals: .*4\/4/m)]);
    expect(stdout).toMatch(/exact[ |]+0\.75/);
    expect(stdout).toContain('nl ok I do not know.\n');
    expect(new Set(edges)).toEqual(
      new Set([
        ' > evaluate capitals',
        'answer > complete',
        'evaluate capitals > answer',
        'evaluate capitals > brief',
        'evaluate capitals > exact',
      ]),
    );
    const scores = attributes('exact').map((found) => found['gen_ai.evaluation.score.value']);
    expect(scores.sort()).toEqual([0, 1, 1, 1]);
    const [file] = readdirSync(join(folder, '.spandrel/experiments'));
    expect(statSync(join(folder, '.spandrel/experiments', file)).mode & 0o777).toBe(0o600);
    const failing = await runBlock(code.replace('min: 0.7', 'min: 0.8'), { folder });
    expect([failing.code, failing.stdout]).toEqual([
      1,
      expect.stringContaining('expected at least 0.8, got 0.75'),
    ]);
  });

  test('to looking at traces locally', async () => {
    const folder = guideFolder();
    const { stdout, receiver } = await runGuide('local-traces', { folder });
    expect(stdout).toMatch(/^Hello Ada\n/);
    expect(stdout).toMatch(/name: 'think'[\s\S]*name: 'greet'/);
    expect(receiver.requests).toEqual([]);
    expect(statSync(join(folder, '.spandrel/traces.jsonl')).mode & 0o777).toBe(0o600);
    const shown = await runGuide('local-traces', { folder, block: 1 });
    expect(shown.stdout).toMatch(/^greet [\d.]+ ms\n {2}think [\d.]+ ms\n$/);
  });
});

test('every guide is named in the README, and leads to pages that are there', () => {
  const readme = readFileSync('README.md', 'utf8');
  const guides = readdirSync(FOLDER);
  expect(guides.length).toBeGreaterThan(7);
  for (const guide of guides) {
    expect(readme).toContain(`(${FOLDER}/${guide})`);
    const links = readFileSync(join(FOLDER, guide), 'utf8').matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g);
    for (const [, link] of links) {
      if (!link.startsWith('https:')) expect(existsSync(join(FOLDER, link)), `${guide}: ${link}`).toBe(true);
    }
  }
});
