/** The OpenTelemetry semantic conventions for generative AI (semantic-conventions-genai 0.1.0), and those of 1.36. */
import type { Attributes } from '@opentelemetry/api';
import type { AttributeWriter, Dialect, DialectName } from '../dialect.ts';
import type { Fields, ModelFields, SessionProperties, SpanType, Usage } from '../fields.ts';
import { jsonText } from '../json-text.ts';

/** `gen_ai.operation.name`, where the conventions have a word. */
const OPERATIONS: Readonly<Partial<Record<SpanType, string>>> = {
  model: 'chat',
  embedding: 'embeddings',
  tool: 'execute_tool',
  agent: 'invoke_agent',
  retriever: 'retrieval',
};

interface Names {
  readonly provider: string;
  readonly cacheWrite: string;
  readonly retrievalTopK: string;
}

const NAMES: Readonly<Record<'genai' | 'genai-1.36', Names>> = {
  genai: {
    provider: 'gen_ai.provider.name',
    cacheWrite: 'gen_ai.usage.cache_write.input_tokens',
    retrievalTopK: 'gen_ai.retrieval.top_k',
  },
  'genai-1.36': {
    provider: 'gen_ai.system',
    cacheWrite: 'gen_ai.usage.cache_creation.input_tokens',
    retrievalTopK: 'gen_ai.request.top_k',
  },
};

function writeModel(
  model: ModelFields,
  type: SpanType | undefined,
  names: Names,
  out: AttributeWriter,
): void {
  out.core(names.provider, model.provider);
  out.core('gen_ai.request.model', model.model);
  out.core('gen_ai.response.model', model.responseModel);
  out.core('gen_ai.response.id', model.responseId);
  out.core('gen_ai.response.finish_reasons', model.finishReasons);
  out.set('gen_ai.request.temperature', model.temperature);
  out.set('gen_ai.request.top_p', model.topP);
  out.set(type === 'retriever' ? names.retrievalTopK : 'gen_ai.request.top_k', model.topK);
  out.set('gen_ai.request.max_tokens', model.maxTokens);
  out.set('gen_ai.request.frequency_penalty', model.frequencyPenalty);
  out.set('gen_ai.request.presence_penalty', model.presencePenalty);
  out.set('gen_ai.request.stop_sequences', model.stopSequences);
  out.set('gen_ai.request.seed', model.seed);
  // The conventions: "if the value is not 1".
  out.set('gen_ai.request.choice.count', model.choiceCount === 1 ? undefined : model.choiceCount);
  out.set('gen_ai.request.stream', model.stream);
  out.set('gen_ai.output.type', model.outputType);
  out.set('gen_ai.response.time_to_first_chunk', model.timeToFirstChunk);
  out.set('server.address', model.serverAddress);
  out.set('server.port', model.serverPort);
}

function writeUsage(usage: Usage, names: Names, out: AttributeWriter): void {
  out.core('gen_ai.usage.input_tokens', usage.inputTokens);
  out.core('gen_ai.usage.output_tokens', usage.outputTokens);
  out.core('gen_ai.usage.cache_read.input_tokens', usage.cacheRead);
  out.core(names.cacheWrite, usage.cacheWrite);
  out.core('gen_ai.usage.reasoning.output_tokens', usage.reasoning);
  out.core('gen_ai.usage.cost', usage.cost);
}

/** A tool's arguments and result have names of their own; of anything else the conventions know only messages. */
function writeContent(fields: Fields, out: AttributeWriter): void {
  const isTool = fields.type === 'tool';
  out.content(isTool ? 'gen_ai.tool.call.arguments' : 'input.value', fields.inputs);
  out.content(isTool ? 'gen_ai.tool.call.result' : 'output.value', fields.outputs);
  writeConversation(fields, out);
  out.content('gen_ai.retrieval.documents', jsonText(fields.documents));
}

/** Messages in the form of the conventions, as JSON text. */
export function writeConversation(fields: Fields, out: AttributeWriter): void {
  out.content('gen_ai.system_instructions', jsonText(fields.systemInstructions));
  out.content('gen_ai.input.messages', jsonText(fields.inputMessages));
  out.content('gen_ai.output.messages', jsonText(fields.outputMessages));
  out.content('gen_ai.tool.definitions', jsonText(fields.toolDefinitions));
}

/** For a dialect that takes the names of a model call from 1.37 to 1.41 of the conventions. */
export function writeModelCall({ type, model, usage }: Fields, out: AttributeWriter): void {
  const names = { ...NAMES['genai-1.36'], provider: NAMES.genai.provider };
  if (model !== undefined) writeModel(model, type, names, out);
  if (usage !== undefined) writeUsage(usage, names, out);
}

/** The conventions have no word for chains, rerankers, guardrails and evaluators. */
function start(type: SpanType | undefined): Attributes {
  if (type === undefined) return {};
  const operation = OPERATIONS[type];
  return operation === undefined ? { 'spandrel.span.type': type } : { 'gen_ai.operation.name': operation };
}

function write(fields: Fields, names: Names, out: AttributeWriter): void {
  const { type, model, tool, agent, usage } = fields;
  out.core('gen_ai.operation.name', model?.operation ?? (type === undefined ? undefined : OPERATIONS[type]));
  if (type !== undefined && OPERATIONS[type] === undefined) out.core('spandrel.span.type', type);
  if (model !== undefined) writeModel(model, type, names, out);
  if (usage !== undefined) writeUsage(usage, names, out);
  if (tool !== undefined) {
    out.core('gen_ai.tool.name', tool.name);
    out.core('gen_ai.tool.call.id', tool.callId);
    out.set('gen_ai.tool.type', tool.type);
    out.set('gen_ai.tool.description', tool.description);
  }
  if (agent !== undefined) {
    out.core('gen_ai.agent.name', agent.name);
    out.core('gen_ai.agent.id', agent.id);
    out.set('gen_ai.agent.description', agent.description);
  }
  // The message is that of the status (conventions: `error.message` is not recommended on spans).
  out.core('error.type', fields.errorType ?? (fields.error === undefined ? undefined : '_OTHER'));
  writeContent(fields, out);
  for (const group of ['config', 'metadata', 'metrics', 'feedback', 'userProperties'] as const) {
    const members = fields[group];
    if (members === undefined) continue;
    const prefix = group === 'userProperties' ? 'user' : `spandrel.${group}`;
    for (const [key, value] of Object.entries(members)) out.set(`${prefix}.${key}`, value);
  }
  out.set('spandrel.event.name', fields.eventName);
}

function session({ sessionId, sessionName, userId, tags, metadata }: SessionProperties): Attributes {
  const attributes: Attributes = {};
  if (sessionId !== undefined) {
    attributes['gen_ai.conversation.id'] = sessionId;
    attributes['session.id'] = sessionId;
  }
  if (sessionName !== undefined) attributes['session.name'] = sessionName;
  if (userId !== undefined) attributes['user.id'] = userId;
  if (tags !== undefined) attributes['tag.tags'] = tags;
  for (const [key, value] of Object.entries(metadata ?? {})) {
    attributes[`spandrel.metadata.${key}`] = value as Attributes[string];
  }
  return attributes;
}

function dialect(name: DialectName & keyof typeof NAMES): Dialect {
  const names = NAMES[name];
  return { name, start, write: (fields, out) => write(fields, names, out), session };
}

export const GENAI = dialect('genai');
export const GENAI_1_36 = dialect('genai-1.36');
