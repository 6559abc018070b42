/** Which service a client talks to. */
import type { ModelFields } from '../fields.ts';
import { asRecord, asText } from './read.ts';

/** Services that speak the OpenAI interface, by the end of their host (GenAI conventions, `gen_ai.provider.name`). */
const PROVIDERS: readonly (readonly [string, string])[] = [
  ['openai.azure.com', 'azure.ai.openai'],
  ['services.ai.azure.com', 'azure.ai.inference'],
  ['api.groq.com', 'groq'],
  ['api.deepseek.com', 'deepseek'],
  ['api.x.ai', 'x_ai'],
  ['api.mistral.ai', 'mistral_ai'],
  ['api.perplexity.ai', 'perplexity'],
  ['googleapis.com', 'gcp.gemini'],
  ['amazonaws.com', 'aws.bedrock'],
];

const HTTPS_PORT = 443;
const HTTP_PORT = 80;

/** The service and its address, as the client is set now. */
export function serviceOf(client: object, otherwise: string): ModelFields {
  const { baseURL, _genAIProviderName: named } = asRecord(client);
  const url = parse(baseURL);
  const host = url?.hostname ?? '';
  const known = PROVIDERS.find(([end]) => host === end || host.endsWith(`.${end}`))?.[1];
  return {
    provider: asText(named) ?? known ?? otherwise,
    serverAddress: host === '' ? undefined : host,
    serverPort: url === undefined ? undefined : portOf(url),
  };
}

function portOf({ port, protocol }: URL): number {
  if (port !== '') return Number(port);
  return protocol === 'http:' ? HTTP_PORT : HTTPS_PORT;
}

function parse(text: unknown): URL | undefined {
  try {
    return new URL(String(text));
  } catch {
    return undefined;
  }
}
