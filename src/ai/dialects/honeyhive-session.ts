/** HoneyHive's names for what every span carries: its session, its project, what kind of event it is. */
import type { Attributes } from '@opentelemetry/api';
import type { SessionProperties } from '../fields.ts';
import { jsonText } from '../json-text.ts';

/** What a span belongs to, beyond its session. */
export interface Association extends SessionProperties {
  project?: string;
  source?: string;
  disableHttpTracing?: boolean;
  runId?: string;
  datasetId?: string;
  datapointId?: string;
}

const ASSOCIATION = 'traceloop.association.properties';
const EVENT_TYPE = 'honeyhive_event_type';

/** Set on each span that has a session. */
export const SESSION_ID = `${ASSOCIATION}.session_id`;

/** Entries of W3C baggage that the Python SDK (1.5) reads, which are those that `injectContext` writes. */
export const BAGGAGE = { sessionId: 'session_id', project: 'project', source: 'source' } as const;

/** What every span of a session carries. */
export function sessionAttributes(given: Association): Attributes {
  const attributes: Attributes = {};
  const set = (name: string, value: string | undefined): void => {
    if (value !== undefined) attributes[`${ASSOCIATION}.${name}`] = value;
  };
  set('session_id', given.sessionId);
  set('project', given.project);
  set('source', given.source);
  if (given.disableHttpTracing !== undefined) set('disable_http_tracing', String(given.disableHttpTracing));
  set('run_id', given.runId);
  set('dataset_id', given.datasetId);
  set('datapoint_id', given.datapointId);
  if (given.sessionName !== undefined) attributes['honeyhive.session_name'] = given.sessionName;
  if (given.userId !== undefined) attributes['honeyhive_user_properties.user_id'] = given.userId;
  if (given.tags !== undefined) attributes['honeyhive_metadata.tags'] = jsonText(given.tags);
  for (const [key, value] of Object.entries(given.metadata ?? {})) {
    const isObject = typeof value === 'object' && value !== null;
    attributes[`honeyhive_metadata.${key}`] = isObject ? jsonText(value) : (value as string);
  }
  return attributes;
}

/** Type by `gen_ai.operation.name` and by `openinference.span.kind`, as the Python SDK (1.5) tells it. */
const TYPES: Readonly<Record<string, string>> = {
  chat: 'model',
  text_completion: 'model',
  generate_content: 'model',
  invoke_agent: 'chain',
  create_agent: 'chain',
  execute_tool: 'tool',
  LLM: 'model',
  CHAIN: 'chain',
  AGENT: 'chain',
};

/** Name and type of any span, before anything is known of it but what it starts with. */
export function eventAttributes(name: string, started: Attributes): Attributes {
  const word = started['gen_ai.operation.name'] ?? started['openinference.span.kind'];
  const type = started[EVENT_TYPE] ?? TYPES[String(word)] ?? 'tool';
  return { honeyhive_event_name: name, [EVENT_TYPE]: type };
}

/** One of the inputs or outputs of a span: each has an attribute of its own. */
export function memberKey(group: 'inputs' | 'outputs', member: string): string {
  return `honeyhive_${group}.${member}`;
}
