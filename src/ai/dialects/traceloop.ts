/** OpenLLMetry's attributes (@traceloop/ai-semantic-conventions 0.27); a model call in the GenAI conventions it follows. */
import type { Attributes } from '@opentelemetry/api';
import type { AttributeWriter, DescribedSpan, Dialect } from '../dialect.ts';
import type { Fields, SessionProperties, SpanType } from '../fields.ts';
import { jsonText } from '../json-text.ts';
import type { CapturedContent } from '../lazy.ts';
import { writeConversation, writeModelCall } from './genai.ts';

const KIND = 'traceloop.span.kind';
const ASSOCIATION = 'traceloop.association.properties';

/** `TraceloopSpanKindValues`. A model call has none; its `gen_ai.operation.name` says what it is. */
const KINDS: Readonly<Record<Exclude<SpanType, 'model' | 'embedding'>, string>> = {
  tool: 'tool',
  chain: 'workflow',
  agent: 'agent',
  retriever: 'task',
  reranker: 'task',
  guardrail: 'task',
  evaluator: 'task',
};

function isModelCall(type: SpanType | undefined): type is 'model' | 'embedding' {
  return type === 'model' || type === 'embedding';
}

function start(type: SpanType | undefined): Attributes {
  if (!isModelCall(type)) return { [KIND]: type === undefined ? 'task' : KINDS[type] };
  return { 'gen_ai.operation.name': type === 'model' ? 'chat' : 'embeddings' };
}

/** As its SDK writes arguments: one object as `kwargs`, anything else in the list `args`. */
function inputOf(content: CapturedContent | undefined): CapturedContent | undefined {
  const json = asJson(content);
  if (typeof json !== 'string') return json;
  if (json.startsWith('{')) return `{"args":[],"kwargs":${json}}`;
  return `{"args":${json.startsWith('[') ? json : `[${json}]`},"kwargs":{}}`;
}

/** Text that is no JSON becomes a JSON string. */
function asJson(content: CapturedContent | undefined): CapturedContent | undefined {
  if (typeof content !== 'string') return content;
  try {
    JSON.parse(content);
    return content;
  } catch {
    return JSON.stringify(content);
  }
}

function writeEntity(fields: Fields, out: AttributeWriter, span: DescribedSpan): void {
  const { type, tool, agent, eventName } = fields;
  if (isModelCall(type)) return;
  const kind = type === undefined ? 'task' : KINDS[type];
  const name = eventName ?? tool?.name ?? agent?.name ?? span.name;
  out.core(KIND, kind);
  out.core('traceloop.entity.name', name);
  if (kind === 'workflow' || kind === 'agent') out.core('traceloop.workflow.name', name);
  out.core('gen_ai.agent.name', agent?.name);
  out.set('gen_ai.agent.id', agent?.id);
  out.set('gen_ai.agent.description', agent?.description);
  out.core('gen_ai.tool.name', tool?.name);
  out.core('gen_ai.tool.call.id', tool?.callId);
  out.set('gen_ai.tool.type', tool?.type);
  out.set('gen_ai.tool.description', tool?.description);
}

function writeModel(fields: Fields, out: AttributeWriter): void {
  const { type, usage } = fields;
  if (isModelCall(type)) {
    out.core('gen_ai.operation.name', fields.model?.operation ?? (type === 'model' ? 'chat' : 'embeddings'));
  }
  writeModelCall(fields, out);
  const { inputTokens, outputTokens, totalTokens } = usage ?? {};
  const both = inputTokens !== undefined && outputTokens !== undefined;
  out.core('gen_ai.usage.total_tokens', totalTokens ?? (both ? inputTokens + outputTokens : undefined));
  writeConversation(fields, out);
}

function write(fields: Fields, out: AttributeWriter, span: DescribedSpan): void {
  writeEntity(fields, out, span);
  out.content('traceloop.entity.input', inputOf(fields.inputs));
  out.content('traceloop.entity.output', asJson(fields.outputs) ?? jsonText(fields.documents));
  writeModel(fields, out);
  out.core('error.type', fields.errorType ?? (fields.error === undefined ? undefined : '_OTHER'));
  for (const [key, value] of Object.entries(fields.metadata ?? {})) out.set(`${ASSOCIATION}.${key}`, value);
  for (const group of ['config', 'metrics', 'feedback', 'userProperties'] as const) {
    const prefix = group === 'userProperties' ? 'user' : `spandrel.${group}`;
    for (const [key, value] of Object.entries(fields[group] ?? {})) out.set(`${prefix}.${key}`, value);
  }
}

/** `session_id` and `user_id` are its standard properties; the rest is named alike. */
function session({ sessionId, sessionName, userId, tags, metadata }: SessionProperties): Attributes {
  const properties = {
    ...metadata,
    session_id: sessionId,
    session_name: sessionName,
    user_id: userId,
    tags,
  };
  const attributes: Attributes = {};
  for (const [key, value] of Object.entries(properties)) {
    if (value !== undefined) attributes[`${ASSOCIATION}.${key}`] = value as Attributes[string];
  }
  if (sessionId !== undefined) attributes['gen_ai.conversation.id'] = sessionId;
  return attributes;
}

export const TRACELOOP: Dialect = { name: 'traceloop', start, write, session };
