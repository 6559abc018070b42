/** OpenInference semantic conventions (openinference-semantic-conventions 2.x), as Phoenix and Arize read them. */
import type { Attributes } from '@opentelemetry/api';
import type { AttributeWriter, DescribedSpan, Dialect } from '../dialect.ts';
import type {
  Fields,
  Group,
  Message,
  MessagePart,
  ModelFields,
  SessionProperties,
  SpanType,
  Usage,
} from '../fields.ts';
import { isJsonText, jsonText } from '../json-text.ts';
import type { CapturedContent } from '../lazy.ts';
import { parametersOf } from './parameters.ts';

const KINDS: Readonly<Record<SpanType, string>> = {
  model: 'LLM',
  embedding: 'EMBEDDING',
  tool: 'TOOL',
  chain: 'CHAIN',
  agent: 'AGENT',
  retriever: 'RETRIEVER',
  reranker: 'RERANKER',
  guardrail: 'GUARDRAIL',
  evaluator: 'EVALUATOR',
};

function writeModel(model: ModelFields, type: SpanType | undefined, out: AttributeWriter): void {
  const name = model.responseModel ?? model.model;
  if (type === 'embedding' || type === 'reranker') out.core(`${type}.model_name`, name);
  else {
    out.core('llm.model_name', name);
    out.core('llm.request.model_name', model.model);
    out.core('llm.response.model_name', model.responseModel);
  }
  out.core('llm.provider', model.provider);
  out.core('llm.system', model.provider);
  out.core('llm.finish_reason', model.finishReasons?.[0]);
  out.set('llm.invocation_parameters', jsonText(parametersOf(model)));
}

function writeUsage(usage: Usage, out: AttributeWriter): void {
  const { inputTokens, outputTokens } = usage;
  const sum =
    inputTokens === undefined || outputTokens === undefined ? undefined : inputTokens + outputTokens;
  out.core('llm.token_count.prompt', inputTokens);
  out.core('llm.token_count.completion', outputTokens);
  out.core('llm.token_count.total', usage.totalTokens ?? sum);
  out.core('llm.token_count.prompt_details.cache_read', usage.cacheRead);
  out.core('llm.token_count.prompt_details.cache_write', usage.cacheWrite);
  out.core('llm.token_count.completion_details.reasoning', usage.reasoning);
  out.core('llm.cost.total', usage.cost);
}

function writeContent(
  key: 'input' | 'output',
  content: CapturedContent | undefined,
  out: AttributeWriter,
): void {
  out.content(`${key}.value`, content);
  if (typeof content !== 'string') return;
  out.core(`${key}.mime_type`, isJsonText(content) ? 'application/json' : 'text/plain');
}

/** One attribute a leaf, as readers want it. At the limit of attributes those of the last messages have no place. */
function writeMessages(prefix: string, messages: readonly Message[], out: AttributeWriter): void {
  for (const [index, { role, parts, name }] of messages.entries()) {
    const message = `${prefix}.${index}.message`;
    out.set(`${message}.role`, role);
    out.set(`${message}.name`, name);
    const text = textOf(parts);
    if (parts.some(({ type }) => !PLAIN.has(type))) writeParts(message, parts, out);
    else if (text !== undefined) out.set(`${message}.content`, text);
    writeToolCalls(message, parts, out);
  }
}

/** Parts that `content` and `tool_calls` have room for. */
const PLAIN: ReadonlySet<string> = new Set(['text', 'tool_call', 'tool_call_response']);

/** What is more than text: reasoning, media by reference. */
function writeParts(message: string, parts: readonly MessagePart[], out: AttributeWriter): void {
  let index = 0;
  for (const part of parts) {
    if (part.type === 'tool_call' || part.type === 'tool_call_response') continue;
    const content = `${message}.contents.${index}.message_content`;
    index += 1;
    out.set(`${content}.type`, part.type);
    const text = 'content' in part ? part.content : undefined;
    out.set(`${content}.text`, typeof text === 'string' ? text : jsonText(part));
  }
}

function writeToolCalls(message: string, parts: readonly MessagePart[], out: AttributeWriter): void {
  let calls = 0;
  for (const part of parts) {
    if (part.type === 'tool_call') {
      const call = `${message}.tool_calls.${calls}.tool_call`;
      calls += 1;
      out.set(`${call}.id`, part.id);
      out.set(`${call}.function.name`, part.name);
      out.set(`${call}.function.arguments`, asText(part.arguments));
    } else if (part.type === 'tool_call_response') {
      out.set(`${message}.tool_call_id`, part.id);
      out.set(`${message}.content`, asText(part.response));
    }
  }
}

function textOf(parts: readonly MessagePart[]): string | undefined {
  const texts: string[] = [];
  for (const part of parts)
    if (part.type === 'text' && typeof part.content === 'string') texts.push(part.content);
  return texts.length === 0 ? undefined : texts.join('\n');
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : jsonText(value);
}

function start(type: SpanType | undefined): Attributes {
  return { 'openinference.span.kind': KINDS[type ?? 'chain'] };
}

function write(fields: Fields, out: AttributeWriter, span: DescribedSpan): void {
  const { type, model, usage, tool, agent, inputMessages, outputMessages, toolDefinitions } = fields;
  // Readers drop spans without a kind.
  out.core('openinference.span.kind', KINDS[type ?? 'chain']);
  if (model !== undefined) writeModel(model, type, out);
  if (usage !== undefined) writeUsage(usage, out);
  out.core('tool.name', tool?.name);
  // Its table has the one, its converters write the other.
  out.core('tool.id', tool?.callId);
  out.core('tool_call.id', tool?.callId);
  out.set('tool.description', tool?.description);
  out.core('agent.name', agent?.name);
  writeContent('input', fields.inputs ?? jsonText(inputMessages), out);
  writeContent('output', fields.outputs ?? jsonText(outputMessages), out);
  writeGroups(fields, out, span);
  const system = fields.systemInstructions && [{ role: 'system', parts: fields.systemInstructions }];
  writeMessages('llm.input_messages', [...(system ?? []), ...(inputMessages ?? [])], out);
  writeMessages('llm.output_messages', outputMessages ?? [], out);
  for (const [index, definition] of (toolDefinitions ?? []).entries()) {
    out.set(`llm.tools.${index}.tool.json_schema`, jsonText(definition));
  }
  writeDocuments(fields, out);
}

function writeDocuments({ type, documents }: Fields, out: AttributeWriter): void {
  const prefix = type === 'reranker' ? 'reranker.output_documents' : 'retrieval.documents';
  for (const [index, { id, content, score, metadata }] of (documents ?? []).entries()) {
    const document = `${prefix}.${index}.document`;
    out.set(`${document}.id`, id);
    out.set(`${document}.content`, content);
    out.set(`${document}.score`, score);
    out.set(`${document}.metadata`, jsonText(metadata));
  }
}

/** One `metadata` of JSON is what readers know; each other group is a member of it. */
function writeGroups(fields: Fields, out: AttributeWriter, span: DescribedSpan): void {
  const { config, metrics, feedback, userProperties, eventName, error } = fields;
  const { model, tool, agent } = fields;
  const groups = {
    operation: model?.operation,
    response_id: model?.responseId,
    time_to_first_chunk: model?.timeToFirstChunk,
    output_type: model?.outputType,
    server_address: model?.serverAddress,
    server_port: model?.serverPort,
    tool_type: tool?.type,
    agent_id: agent?.id,
    agent_description: agent?.description,
    config,
    metrics,
    feedback,
    user_properties: userProperties,
    event_name: eventName,
    error,
    error_type: fields.errorType,
  };
  const present = Object.entries(groups).filter(([, group]) => group !== undefined);
  if (fields.metadata === undefined && present.length === 0) return;
  out.set('metadata', jsonText({ ...ofSession(span), ...fields.metadata, ...Object.fromEntries(present) }));
}

/** The metadata that the session gave: one attribute holds both. */
function ofSession({ attributes: { metadata } }: DescribedSpan): Group {
  if (typeof metadata !== 'string') return {};
  try {
    return JSON.parse(metadata) as Group;
  } catch {
    return {};
  }
}

function session({ sessionId, sessionName, userId, tags, metadata }: SessionProperties): Attributes {
  const attributes: Attributes = {};
  if (sessionId !== undefined) attributes['session.id'] = sessionId;
  if (userId !== undefined) attributes['user.id'] = userId;
  if (tags !== undefined) attributes['tag.tags'] = tags;
  const all = sessionName === undefined ? metadata : { ...metadata, session_name: sessionName };
  if (all !== undefined) attributes.metadata = jsonText(all);
  return attributes;
}

export const OPENINFERENCE: Dialect = { name: 'openinference', start, write, session };
