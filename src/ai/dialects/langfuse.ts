/** Langfuse's attributes (`LangfuseOtelSpanAttributes` of @langfuse/core 5.11), as its OTLP endpoint reads them. */
import type { Attributes } from '@opentelemetry/api';
import type { AttributeWriter, DescribedSpan, Dialect } from '../dialect.ts';
import type { Fields, Group, Message, SessionProperties, SpanType, Usage } from '../fields.ts';
import { jsonText } from '../json-text.ts';
import type { CapturedContent } from '../lazy.ts';
import { parametersOf } from './parameters.ts';

const TYPE = 'langfuse.observation.type';

/** `LangfuseObservationType`; it has no word for rerankers. */
const TYPES: Readonly<Record<SpanType, string>> = {
  model: 'generation',
  embedding: 'embedding',
  tool: 'tool',
  chain: 'chain',
  agent: 'agent',
  retriever: 'retriever',
  reranker: 'span',
  guardrail: 'guardrail',
  evaluator: 'evaluator',
};

function start(type: SpanType | undefined): Attributes {
  return { [TYPE]: type === undefined ? 'span' : TYPES[type] };
}

/** Langfuse adds what begins with `input` and what begins with `output`: tokens of caches and reasoning count once. */
function usageDetails(usage: Usage): Record<string, number> {
  const { inputTokens, outputTokens, totalTokens, cacheRead, cacheWrite, reasoning } = usage;
  const details: Record<string, number> = {};
  const set = (key: string, value: number | undefined): void => {
    if (value !== undefined) details[key] = value;
  };
  set('input', rest(inputTokens, cacheRead, cacheWrite));
  set('output', rest(outputTokens, reasoning));
  set('total', totalTokens ?? sum(inputTokens, outputTokens));
  set('input_cached_tokens', cacheRead);
  set('input_cache_creation', cacheWrite);
  set('output_reasoning_tokens', reasoning);
  return details;
}

/** Never below 0: some providers count those of caches apart. */
function rest(whole: number | undefined, ...parts: (number | undefined)[]): number | undefined {
  if (whole === undefined) return undefined;
  return Math.max(
    0,
    parts.reduce<number>((left, part) => left - (part ?? 0), whole),
  );
}

function sum(first: number | undefined, second: number | undefined): number | undefined {
  return first === undefined || second === undefined ? undefined : first + second;
}

function writeModel({ model, usage }: Fields, out: AttributeWriter, span: DescribedSpan): void {
  out.core('langfuse.observation.model.name', model?.responseModel ?? model?.model);
  out.set('langfuse.observation.model.parameters', jsonText(parametersOf(model)));
  if (usage !== undefined) {
    const { cost, ...tokens } = usage;
    const details = usageDetails(tokens);
    if (Object.keys(details).length > 0) out.core('langfuse.observation.usage_details', jsonText(details));
    if (cost !== undefined) out.core('langfuse.observation.cost_details', jsonText({ total: cost }));
  }
  if (model?.timeToFirstChunk === undefined) return;
  const [seconds, nanos] = span.startTime;
  const at = new Date(seconds * 1000 + nanos / 1e6 + model.timeToFirstChunk * 1000);
  // The SDK's form: a date as JSON, quotes included.
  if (!Number.isNaN(at.getTime())) out.core('langfuse.observation.completion_start_time', jsonText(at));
}

/** What has no name of its own is metadata. */
function writeMetadata(fields: Fields, out: AttributeWriter): void {
  const { type, model, tool, agent, config, metrics, feedback, userProperties, eventName } = fields;
  const groups: Group = {
    ...fields.metadata,
    span_type: type === 'reranker' ? type : undefined,
    provider: model?.provider,
    operation: model?.operation,
    request_model: model?.responseModel === undefined ? undefined : model.model,
    response_id: model?.responseId,
    finish_reasons: model?.finishReasons,
    output_type: model?.outputType,
    server_address: model?.serverAddress,
    server_port: model?.serverPort,
    tool,
    agent,
    config,
    metrics,
    feedback,
    user_properties: userProperties,
    event_name: eventName,
    error_type: fields.errorType,
  };
  for (const [key, value] of Object.entries(groups)) {
    if (value === undefined || value === null) continue;
    out.set(`langfuse.observation.metadata.${key}`, jsonText(value));
  }
}

/** The form in which its SDK and its prompt page take a call with tools. */
function inputOf(fields: Fields): CapturedContent | undefined {
  const { inputs, inputMessages, systemInstructions, toolDefinitions } = fields;
  if (inputs !== undefined) return inputs;
  if (inputMessages === undefined && systemInstructions === undefined) return undefined;
  const system: Message[] = systemInstructions ? [{ role: 'system', parts: systemInstructions }] : [];
  const messages = [...system, ...(inputMessages ?? [])];
  return jsonText(toolDefinitions === undefined ? messages : { messages, tools: toolDefinitions });
}

function write(fields: Fields, out: AttributeWriter, span: DescribedSpan): void {
  out.core(TYPE, fields.type === undefined ? 'span' : TYPES[fields.type]);
  if (fields.error !== undefined) {
    out.core('langfuse.observation.level', 'ERROR');
    out.core('langfuse.observation.status_message', fields.error);
  }
  writeModel(fields, out, span);
  out.content('langfuse.observation.input', inputOf(fields));
  out.content(
    'langfuse.observation.output',
    fields.outputs ?? jsonText(fields.outputMessages) ?? jsonText(fields.documents),
  );
  writeMetadata(fields, out);
}

function session({ sessionId, sessionName, userId, tags, metadata }: SessionProperties): Attributes {
  const attributes: Attributes = {};
  if (sessionId !== undefined) attributes['session.id'] = sessionId;
  if (userId !== undefined) attributes['user.id'] = userId;
  if (tags !== undefined) attributes['langfuse.trace.tags'] = tags;
  for (const [key, value] of Object.entries({ ...metadata, session_name: sessionName })) {
    if (value !== undefined) attributes[`langfuse.trace.metadata.${key}`] = jsonText(value);
  }
  return attributes;
}

export const LANGFUSE: Dialect = { name: 'langfuse', start, write, session };
