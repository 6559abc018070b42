/** `gen_ai.provider.name` for the names that frameworks give to providers. */

/** By the beginning of the name, longest first (GenAI conventions, well-known values of `gen_ai.provider.name`). */
const PROVIDERS = [
  ['amazon-bedrock', 'aws.bedrock'],
  ['amazon_bedrock', 'aws.bedrock'],
  ['bedrock', 'aws.bedrock'],
  ['azure', 'azure.ai.openai'],
  ['google.vertex', 'gcp.vertex_ai'],
  ['google-vertex', 'gcp.vertex_ai'],
  ['google_vertexai', 'gcp.vertex_ai'],
  ['vertex', 'gcp.vertex_ai'],
  ['google', 'gcp.gemini'],
  ['mistral', 'mistral_ai'],
  ['xai', 'x_ai'],
] as const;

/** `openai.chat` is `openai`; a provider that the conventions do not know keeps its name. */
export function providerName(name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  const lower = name.toLowerCase();
  const known = PROVIDERS.find(([prefix]) => lower.startsWith(prefix));
  return known === undefined ? name.split('.')[0] : known[1];
}
