/**
 * Fields read back from attributes, under the names of the conventions that are told apart by their names alone: the
 * GenAI conventions, current and 1.36, and OpenInference. Spans of instrumentations are read as those of ours.
 */
import type { DialectName } from '../dialect.ts';
import type { SessionProperties, SpanType, Usage } from '../fields.ts';

/** Dialects whose names are read here. */
export const READ_DIALECTS: ReadonlySet<DialectName> = new Set<DialectName>([
  'genai',
  'genai-1.36',
  'openinference',
]);

export interface ReadFields {
  readonly type?: SpanType;
  readonly model?: string;
  readonly inputs?: unknown;
  readonly outputs?: unknown;
  readonly usage?: Usage;
  readonly session?: SessionProperties;
}

type Attributes = Readonly<Record<string, unknown>>;

const TYPES: Readonly<Record<string, SpanType>> = {
  chat: 'model',
  text_completion: 'model',
  generate_content: 'model',
  embeddings: 'embedding',
  execute_tool: 'tool',
  invoke_agent: 'agent',
  create_agent: 'agent',
  retrieval: 'retriever',
  LLM: 'model',
  EMBEDDING: 'embedding',
  TOOL: 'tool',
  CHAIN: 'chain',
  AGENT: 'agent',
  RETRIEVER: 'retriever',
  RERANKER: 'reranker',
  GUARDRAIL: 'guardrail',
  EVALUATOR: 'evaluator',
};

const MODEL = ['gen_ai.request.model', 'gen_ai.response.model', 'llm.model_name', 'embedding.model_name'];
const INPUTS = ['gen_ai.tool.call.arguments', 'input.value', 'gen_ai.input.messages'];
const OUTPUTS = ['gen_ai.tool.call.result', 'output.value', 'gen_ai.output.messages'];

const USAGE: Readonly<Record<keyof Usage, readonly string[]>> = {
  inputTokens: ['gen_ai.usage.input_tokens', 'llm.token_count.prompt'],
  outputTokens: ['gen_ai.usage.output_tokens', 'llm.token_count.completion'],
  totalTokens: ['llm.token_count.total'],
  cacheRead: ['gen_ai.usage.cache_read.input_tokens', 'llm.token_count.prompt_details.cache_read'],
  cacheWrite: [
    'gen_ai.usage.cache_write.input_tokens',
    'gen_ai.usage.cache_creation.input_tokens',
    'llm.token_count.prompt_details.cache_write',
  ],
  reasoning: ['gen_ai.usage.reasoning.output_tokens', 'llm.token_count.completion_details.reasoning'],
  cost: ['gen_ai.usage.cost', 'llm.cost.total'],
};

const SESSION: Readonly<Record<Exclude<keyof SessionProperties, 'metadata'>, readonly string[]>> = {
  sessionId: ['session.id', 'gen_ai.conversation.id'],
  sessionName: ['session.name'],
  userId: ['user.id'],
  tags: ['tag.tags'],
};

/** What the attributes of a span say; members that they do not name are left out. */
export function readFields(attributes: Attributes): ReadFields {
  return present({
    type: readType(attributes),
    model: first(attributes, MODEL) as string | undefined,
    inputs: contentOf(first(attributes, INPUTS)),
    outputs: contentOf(first(attributes, OUTPUTS)),
    usage: readGroup<Usage>(attributes, USAGE),
    session: readGroup<SessionProperties>(attributes, SESSION),
  });
}

function readType(attributes: Attributes): SpanType | undefined {
  const own = attributes['spandrel.span.type'];
  if (own !== undefined) return own as SpanType;
  return TYPES[String(attributes['gen_ai.operation.name'] ?? attributes['openinference.span.kind'])];
}

function readGroup<Group extends object>(
  attributes: Attributes,
  names: Readonly<Record<string, readonly string[]>>,
): Group | undefined {
  const group = Object.entries(names).map(([member, keys]) => [member, first(attributes, keys)]);
  const known = present(Object.fromEntries(group)) as Group;
  return Object.keys(known).length === 0 ? undefined : known;
}

function first(attributes: Attributes, keys: readonly string[]): unknown {
  const key = keys.find((name) => attributes[name] !== undefined);
  return key === undefined ? undefined : attributes[key];
}

function present<Group extends object>(group: Group): Group {
  return Object.fromEntries(Object.entries(group).filter(([, value]) => value !== undefined)) as Group;
}

/** Captured text as the value it was made of; text that reading and writing would change stays text. */
function contentOf(text: unknown): unknown {
  if (typeof text !== 'string') return text;
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text ? value : text;
  } catch {
    return text;
  }
}
