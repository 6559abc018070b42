/** The built package's entries for frameworks, on the releases of Node that carry context in different ways. */
import { existsSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { run } from '../helpers/api-child.ts';
import { receiveOtlp } from '../helpers/api-receiver.ts';
import { plainAttributes } from '../helpers/api-recorder.ts';
import { ANSWER, startChatServer } from '../helpers/chat-server.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { describeFrameworks, FRAMEWORKS } from '../helpers/frameworks.ts';
import { outlineOf } from '../helpers/span-outline.ts';
import { nodeBinary } from '../versions/combinations.ts';

const AGENT = [
  '  invoke_agent',
  '    step 1',
  '      chat m-1',
  '      execute_tool weather',
  '        forecast',
  '    step 2',
  '      chat m-1',
];

const EXPECTED = [
  ...['ai', ...AGENT, ...AGENT],
  ...['invoke_agent', '  step 1', '    chat endless'],
  ...['langchain', '  execute_tool weather', '    forecast'],
  ...['  RunnableSequence', '    chat m-1', '    StrOutputParser', '  forecast'],
  ...['mcp', '  initialize', '    initialize'],
  ...['  tools/call weather', '    tools/call weather', '      forecast'],
];

function probe(major: number): string | undefined {
  if (!existsSync(nodeBinary(major))) {
    return `Expected Node ${major}; run \`npm ci --prefix test/versions/node\` on Linux, or the tests on Node ${major}.`;
  }
  if (existsSync(`${FRAMEWORKS}node_modules/spandrel/dist/esm/mcp.mjs`)) return undefined;
  return 'Expected the built package; run `npm run build`.';
}

describeFrameworks('the frameworks, on the built package', () => {
  for (const major of [20, 22, 24]) {
    requireCounterpart(`Node ${major}`, () => probe(major))(`Node ${major}`, () => {
      test('records what each does, with its parents', { timeout: 30_000 }, async () => {
        const receiver = await receiveOtlp();
        const { url } = await startChatServer();
        const { code, stdout, stderr } = await run(`${FRAMEWORKS}programs/frameworks.mjs`, {
          node: nodeBinary(major),
          flags: ['--expose-gc'],
          arguments: [url],
          environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base },
          deadlineMillis: 25_000,
        });
        expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
        expect(JSON.parse(stdout)).toEqual([ANSWER, ANSWER, 0, 'sunny', ANSWER, 'sunny']);
        const spans = receiver.spans.map((span) => ({ ...span, plain: plainAttributes(span.attributes) }));
        expect(outlineOf(spans)).toEqual(EXPECTED);
        const left = spans.filter(({ plain }) => plain['spandrel.abandoned'] === true);
        expect(left.map(({ name }) => name).sort()).toEqual(['chat endless', 'invoke_agent', 'step 1']);
      });
    });
  }
});

describe('the packages of test/frameworks', () => {
  test('are installed from their own lockfile, which names no registry', async () => {
    const { default: lock } = await import('./package-lock.json', { with: { type: 'json' } });
    expect(JSON.stringify(lock)).not.toMatch(/https?:\/\/[^"]*\.tgz/);
  });
});
