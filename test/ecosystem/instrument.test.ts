/** The built package's `instrument` with the real clients, on the Node releases that it is for. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { describeEcosystem, runProgram } from '../helpers/ecosystem.ts';
import { chatAnswer, chatStream, messageStream, TEXT } from '../helpers/model-answers.ts';
import { startModelService } from '../helpers/model-protocols.ts';
import type { ReceivedSpan } from '../helpers/received-spans.ts';
import { nodeBinary } from '../versions/combinations.ts';

const INPUT_TOKENS = 'gen_ai.usage.input_tokens';

const keysOf = ({ attributes }: ReceivedSpan): string[] => attributes.map(({ key }) => key);

for (const major of [20, 24]) {
  const declare = requireCounterpart(`Node ${major}`, () =>
    existsSync(nodeBinary(major)) ? undefined : 'Run `npm ci --prefix test/versions/node`.',
  );
  describeEcosystem(`instrument, on Node ${major}`, () => {
    declare(`Node ${major}`, () => {
      test('records each call once, under what made it', async () => {
        const service = await startModelService();
        service.answer(chatAnswer(), chatStream({ seed: 9 }), messageStream({ seed: 9 }), chatAnswer());
        const runsAi = major >= 22;
        const { output, spans } = await runProgram('instrument', 'spandrel', {
          arguments: [service.url, runsAi ? 'ai' : 'none'],
          node: nodeBinary(major),
        });
        expect(output).toEqual({ texts: Array(runsAi ? 4 : 3).fill(TEXT), live: 0 });
        const agent = spans.find(({ name }) => name === 'agent');
        const children = spans.filter(({ parentSpanId }) => parentSpanId === agent?.spanId);
        expect(children.map(({ name }) => name).sort()).toEqual([
          'chat gpt-loopback',
          'chat gpt-loopback',
          'chat model-loopback',
        ]);
        for (const child of children) expect(keysOf(child)).toContain(INPUT_TOKENS);
        if (runsAi) expectOnce(spans.filter(({ traceId }) => traceId !== agent?.traceId));
      });
    });
  });
}

/** Inside the model span of the `ai` package, the client's span leaves its usage to it. */
function expectOnce(spans: readonly ReceivedSpan[]): void {
  const own = spans.filter((span) => keysOf(span).includes('server.address'));
  expect(own).toHaveLength(1);
  expect(keysOf(own[0])).toContain('gen_ai.response.model');
  expect(keysOf(own[0])).not.toContain(INPUT_TOKENS);
  const parent = spans.find(({ spanId }) => spanId === own[0].parentSpanId);
  expect(parent && keysOf(parent)).toContain(INPUT_TOKENS);
}
