/** HoneyHive's names, as its TypeScript SDK 1.0 writes them (`honeyhive`, `sdk/tracer.js`) and its Python SDK 1.5 reads. */
import type { Attributes } from '@opentelemetry/api';
import type { AttributeWriter, Dialect } from '../dialect.ts';
import type { Fields, Group, SessionProperties, SpanType, Usage } from '../fields.ts';
import { jsonText } from '../json-text.ts';
import { sessionAttributes } from './honeyhive-session.ts';

/** Of three words the one that fits. */
const EVENT_TYPES: Readonly<Record<SpanType, string>> = {
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

function writeUsage(usage: Usage, out: AttributeWriter): void {
  const { inputTokens, outputTokens, totalTokens, cost } = usage;
  const sum =
    inputTokens === undefined || outputTokens === undefined ? undefined : inputTokens + outputTokens;
  out.core('honeyhive_metadata.prompt_tokens', inputTokens);
  out.core('honeyhive_metadata.completion_tokens', outputTokens);
  out.core('honeyhive_metadata.total_tokens', totalTokens ?? sum);
  out.core('honeyhive_metadata.cost', cost);
}

function writeGroup(name: string, group: Group | undefined, out: AttributeWriter): void {
  for (const [key, value] of Object.entries(group ?? {})) {
    const isObject = typeof value === 'object' && value !== null;
    out.set(`honeyhive_${name}.${key}`, isObject ? jsonText(value) : value);
  }
}

function write(fields: Fields, out: AttributeWriter): void {
  const { type, model, usage } = fields;
  out.core('honeyhive_event_type', type === undefined ? undefined : EVENT_TYPES[type]);
  out.core('honeyhive_event_name', fields.eventName);
  out.core('honeyhive_error', fields.error);
  out.core('honeyhive_config.provider', model?.provider);
  out.core('honeyhive_config.model', model?.responseModel ?? model?.model);
  if (usage !== undefined) writeUsage(usage, out);
  out.content('honeyhive_inputs._params_', fields.inputs ?? jsonText(fields.inputMessages));
  out.content('honeyhive_outputs.result', fields.outputs ?? jsonText(fields.outputMessages));
  writeGroup('config', fields.config, out);
  writeGroup('metadata', fields.metadata, out);
  writeGroup('metrics', fields.metrics, out);
  writeGroup('feedback', fields.feedback, out);
  writeGroup('user_properties', fields.userProperties, out);
}

function session(properties: SessionProperties): Attributes {
  return sessionAttributes(properties);
}

export const HONEYHIVE: Dialect = { name: 'honeyhive', write, session };
