/** @module The real Anthropic client, instrumented, and a service that answers what a test lays down. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { instrument } from '../../src/ai/instrument/instrument.ts';
import type { InitOptions } from '../../src/init.ts';
import { type AiSpans, startTracing } from './ai-spans.ts';
import { requireCounterpart } from './counterparts.ts';
import { ECOSYSTEM } from './ecosystem.ts';
import { type ModelService, type Reply, startModelService } from './model-protocols.ts';

/** What the tests use of the client, which is installed apart from the sources, with its types. */
export interface Anthropic {
  messages: AnthropicMessages;
  beta: { messages: AnthropicMessages };
  withOptions(options: object): Anthropic;
}

interface AnthropicMessages {
  create(body: object, options?: object): AnthropicPromise;
  parse(body: object): Promise<AnthropicMessage & { parsed_output: unknown }>;
  stream(body: object, options?: object): AnthropicHelper;
  countTokens(body: object): Promise<{ input_tokens: number }>;
}

interface AnthropicMessage {
  id: string;
  content: Record<string, unknown>[];
}

interface AnthropicPromise extends Promise<AnthropicMessage & AsyncIterable<Record<string, unknown>>> {
  asResponse(): Promise<Response>;
  withResponse(): Promise<{ data: AnthropicMessage; response: Response; request_id: string }>;
}

interface AnthropicHelper {
  on(event: string, listener: (value: string) => void): AnthropicHelper;
  abort(): void;
  done(): Promise<void>;
  finalMessage(): Promise<AnthropicMessage>;
}

const PACKAGE = '@anthropic-ai/sdk';

/** `describe` for suites that need the package. */
export const describeAnthropic = requireCounterpart(PACKAGE, () =>
  existsSync(`${ECOSYSTEM}node_modules/${PACKAGE}`)
    ? undefined
    : 'Expected the packages that `npm ci --prefix test/ecosystem` installs; run that first.',
);

export const MODEL = 'model-loopback';
export const ASK = {
  model: MODEL,
  max_tokens: 100,
  messages: [{ role: 'user', content: 'Do bees dance?' }],
};

/** Starts tracing, and a service that gives the replies; both end with the test. */
export async function startAnthropic(
  options: InitOptions = {},
  ...replies: Reply[]
): Promise<AiSpans & { service: ModelService; client: Anthropic }> {
  const service = await startModelService();
  service.answer(...replies);
  const spans = await startTracing(options);
  const { Anthropic } = createRequire(`${ECOSYSTEM}package.json`)(PACKAGE);
  const client: Anthropic = new Anthropic({ apiKey: 'none', baseURL: service.url, maxRetries: 0 });
  return { ...spans, service, client: instrument(client) };
}
