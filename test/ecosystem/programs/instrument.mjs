/**
 * The real clients of OpenAI and Anthropic, instrumented by the built package, against the service whose URL is the
 * second argument; then the real `ai` package, with its own telemetry, around a model that calls the first of them.
 */
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import { flush, init, instrument, stats, trace } from 'spandrel';

const [, , , url] = process.argv;
init();
const openai = instrument(new OpenAI({ apiKey: 'none', baseURL: `${url}/v1`, maxRetries: 0 }));
const anthropic = instrument(new Anthropic({ apiKey: 'none', baseURL: url, maxRetries: 0 }));
const messages = [{ role: 'user', content: 'Do bees dance?' }];
const texts = [];

await trace(
  async () => {
    const ask = { model: 'gpt-loopback', messages };
    const whole = await openai.chat.completions.create(ask).withResponse();
    texts.push(whole.data.choices[0].message.content);
    let text = '';
    for await (const chunk of await openai.chat.completions.create({ ...ask, stream: true })) {
      text += chunk.choices[0]?.delta?.content ?? '';
    }
    texts.push(text);
    const message = await anthropic.messages
      .stream({ model: 'model-loopback', max_tokens: 100, messages })
      .finalMessage();
    texts.push(message.content[1].text);
  },
  { name: 'agent' },
)();

/** The `ai` package asks for Node 22; it is loaded where the third argument says so. */
if (process.argv[4] === 'ai') {
  const { OpenTelemetry } = await import('@ai-sdk/otel');
  const { generateText, registerTelemetry } = await import('ai');
  const { MockLanguageModelV4 } = await import('ai/test');
  registerTelemetry(new OpenTelemetry());
  const doGenerate = async () => {
    const answer = await openai.chat.completions.create({ model: 'gpt-loopback', messages });
    const { prompt_tokens: input, completion_tokens: output } = answer.usage;
    return {
      content: [{ type: 'text', text: answer.choices[0].message.content }],
      usage: { inputTokens: { total: input }, outputTokens: { total: output } },
      finishReason: { unified: 'stop', raw: 'stop' },
      warnings: [],
    };
  };
  const model = new MockLanguageModelV4({ provider: 'loopback', modelId: 'gpt-loopback', doGenerate });
  const { text } = await generateText({
    model,
    prompt: 'Do bees dance?',
    maxRetries: 0,
    telemetry: { isEnabled: true },
  });
  texts.push(text);
}

await flush();
process.stdout.write(JSON.stringify({ texts, live: stats().live }));
