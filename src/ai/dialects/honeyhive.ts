/** HoneyHive's attributes, as its SDKs write them (honeyhive 1.0 of npm, 1.5 of PyPI) and its backend reads them. */
import type { Attributes } from '@opentelemetry/api';
import type { AttributeWriter, DescribedSpan, Dialect } from '../dialect.ts';
import type { Fields, Message, SessionProperties, SpanType } from '../fields.ts';
import { isJsonText, jsonText } from '../json-text.ts';
import type { CapturedContent } from '../lazy.ts';
import { parametersOf } from './parameters.ts';

const TYPE = 'honeyhive_event_type';

/** `model`, `tool` or `chain`: the rule of its Python SDK for the kinds of OpenInference; `tool` where none is known. */
const TYPES: Readonly<Record<SpanType, 'model' | 'tool' | 'chain'>> = {
  model: 'model',
  embedding: 'tool',
  tool: 'tool',
  chain: 'chain',
  agent: 'chain',
  retriever: 'tool',
  reranker: 'tool',
  guardrail: 'tool',
  evaluator: 'tool',
};

/** Members of an object that get an attribute of their own; one with more is one attribute. */
const MAX_MEMBERS = 32;
/** Levels of lists and objects in a group that are laid out; what is deeper is JSON. */
const MAX_DEPTH = 8;

function typeOf(type: SpanType | undefined): string {
  return type === undefined ? 'tool' : TYPES[type];
}

function start(type: SpanType | undefined): Attributes {
  return { [TYPE]: typeOf(type) };
}

/** One attribute a leaf; list elements by their index; `null` left out (the Python SDK's rule). */
function flatten(key: string, value: unknown, set: (key: string, value: unknown) => void, depth = 0): void {
  if (value === undefined || value === null) return;
  if (typeof value !== 'object') set(key, value);
  else if (depth === MAX_DEPTH || ArrayBuffer.isView(value) || value instanceof Date)
    set(key, jsonText(value));
  else
    for (const [member, inner] of Object.entries(value)) flatten(`${key}.${member}`, inner, set, depth + 1);
}

/** The named arguments of a call, where it was given one object; lists and objects in it are JSON. */
function writeInputs(content: CapturedContent | undefined, out: AttributeWriter): void {
  const members = typeof content === 'string' ? membersOf(content) : undefined;
  if (members === undefined) out.content('honeyhive_inputs.input', content);
  for (const [key, value] of members ?? []) {
    if (value !== null) out.content(`honeyhive_inputs.${key}`, jsonText(value));
  }
}

function membersOf(text: string): [string, unknown][] | undefined {
  if (!isJsonText(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const members = Object.entries(value);
    return members.length > 0 && members.length <= MAX_MEMBERS ? members : undefined;
  } catch {
    return undefined;
  }
}

function writeContent(fields: Fields, out: AttributeWriter): void {
  const { inputMessages, systemInstructions, toolDefinitions, documents } = fields;
  writeInputs(fields.inputs, out);
  const system: Message[] = systemInstructions ? [{ role: 'system', parts: systemInstructions }] : [];
  const history = [...system, ...(inputMessages ?? [])];
  if (history.length > 0) out.content('honeyhive_inputs.chat_history', jsonText(history));
  out.content('honeyhive_inputs.functions', jsonText(toolDefinitions));
  out.content('honeyhive_outputs.result', fields.outputs ?? jsonText(fields.outputMessages));
  out.content('honeyhive_outputs.documents', jsonText(documents));
}

function writeUsage({ usage = {} }: Fields, out: AttributeWriter): void {
  const { inputTokens, outputTokens, totalTokens } = usage;
  const both = inputTokens !== undefined && outputTokens !== undefined;
  out.core('honeyhive_metadata.prompt_tokens', inputTokens);
  out.core('honeyhive_metadata.completion_tokens', outputTokens);
  out.core('honeyhive_metadata.total_tokens', totalTokens ?? (both ? inputTokens + outputTokens : undefined));
  out.core('honeyhive_metadata.cache_read_input_tokens', usage.cacheRead);
  out.core('honeyhive_metadata.cache_creation_input_tokens', usage.cacheWrite);
  out.core('honeyhive_metadata.reasoning_tokens', usage.reasoning);
  out.core('honeyhive_metadata.cost', usage.cost);
}

function writeGroups(fields: Fields, out: AttributeWriter): void {
  const { model, tool, agent, config, metadata, metrics, feedback, userProperties } = fields;
  const set = (key: string, value: unknown): void => out.set(key, value);
  flatten('honeyhive_config', { ...parametersOf(model), ...config }, set);
  const known = {
    operation: model?.operation,
    response_id: model?.responseId,
    response_model: model?.responseModel,
    finish_reasons: model?.finishReasons,
    time_to_first_chunk: model?.timeToFirstChunk,
    output_type: model?.outputType,
    server_address: model?.serverAddress,
    server_port: model?.serverPort,
    tool: tool && { name: tool.name, description: tool.description, type: tool.type, call_id: tool.callId },
    agent,
  };
  flatten('honeyhive_metadata', { ...known, ...metadata }, set);
  flatten('honeyhive_metrics', metrics, set);
  flatten('honeyhive_feedback', feedback, set);
  flatten('honeyhive_user_properties', userProperties, set);
}

function write(fields: Fields, out: AttributeWriter, span: DescribedSpan): void {
  const { model } = fields;
  out.core(TYPE, typeOf(fields.type));
  out.core('honeyhive_event_name', fields.eventName ?? span.name);
  out.core('honeyhive_error', fields.error);
  out.core('honeyhive_error_type', fields.errorType);
  out.core('honeyhive_config.provider', model?.provider);
  out.core('honeyhive_config.model', model?.model ?? model?.responseModel);
  writeUsage(fields, out);
  writeContent(fields, out);
  writeGroups(fields, out);
}

/** Under `honeyhive.*` (Python SDK) and `traceloop.association.properties.*` (both): the backend reads either. */
export function association(properties: Readonly<Record<string, unknown>>): Attributes {
  const attributes: Attributes = {};
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    attributes[`honeyhive.${key}`] = value as Attributes[string];
    attributes[`traceloop.association.properties.${key}`] = value as Attributes[string];
  }
  return attributes;
}

function session({ sessionId, sessionName, userId, tags, metadata }: SessionProperties): Attributes {
  const attributes = association({ session_id: sessionId });
  const set = (key: string, value: unknown): void => {
    attributes[key] = value as Attributes[string];
  };
  if (sessionName !== undefined) set('honeyhive.session_name', sessionName);
  if (userId !== undefined) set('honeyhive_user_properties.user_id', userId);
  flatten('honeyhive_metadata', { ...metadata, tags }, set);
  return attributes;
}

export const HONEYHIVE: Dialect = { name: 'honeyhive', start, write, session };
