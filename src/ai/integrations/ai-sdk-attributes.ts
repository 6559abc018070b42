/** Attributes that the AI SDK 5 and 6 writes on its spans, as fields. What is none of these stays as it is. */
import type { Attributes } from '@opentelemetry/api';
import { contentText } from '../content.ts';
import type { MessagePart, ModelFields, SpanType, Usage } from '../fields.ts';
import type { OpenFields } from '../record.ts';
import { partsOf, promptFields } from './ai-sdk-messages.ts';
import { count, given, list, parsed, text, texts } from './given.ts';
import { providerName } from './provider-name.ts';

const TYPES: readonly (readonly [RegExp, SpanType])[] = [
  [/\.do(Generate|Stream)$/, 'model'],
  [/\.doEmbed$/, 'embedding'],
  [/\.doRerank$/, 'reranker'],
  [/^ai\.toolCall$/, 'tool'],
  [/^ai\.(generate|stream)(Text|Object)$/, 'agent'],
];

/** What an operation of the SDK is; one that only holds others is a chain. */
export function typeOfOperation(operation: string): SpanType {
  return TYPES.find(([pattern]) => pattern.test(operation))?.[1] ?? 'chain';
}

/** What attributes became. */
export interface Translated {
  readonly fields: OpenFields;
  readonly content: OpenFields;
  readonly rest: Attributes;
}

type Draft = Required<Pick<OpenFields, 'model' | 'usage' | 'tool' | 'metadata'>> & {
  parts: MessagePart[];
  content: OpenFields;
  agent: OpenFields['agent'];
};

type Translate = (value: unknown, draft: Draft) => void;

const model = (member: keyof ModelFields, read: (value: unknown) => unknown): Translate => {
  return (value, { model }) => Object.assign(model, { [member]: read(value) });
};
const used = (member: keyof Usage): Translate => {
  return (value, { usage }) => Object.assign(usage, { [member]: count(value) });
};
/** JSON, or a list of JSON texts. */
const captured = (member: 'inputs' | 'outputs'): Translate => {
  return (value, { content }) => {
    content[member] = contentText(Array.isArray(value) ? value.map(parsed) : parsed(value));
  };
};
const left: Translate = () => {};

const CONTENT: Readonly<Record<string, Translate>> = {
  'ai.prompt': (value, { content }) => {
    const { system, prompt, messages } = given(parsed(value));
    const turns = messages ?? (Array.isArray(prompt) ? prompt : undefined);
    Object.assign(content, promptFields(turns ?? [{ role: 'user', content: prompt }], system));
  },
  'ai.prompt.messages': (value, { content }) => Object.assign(content, promptFields(parsed(value))),
  'ai.prompt.tools': (value, { content }) => {
    content.toolDefinitions = list(value).map(parsed);
  },
  'ai.response.text': (value, { parts }) => parts.push(...partsOf(value)),
  'ai.response.reasoning': (value, { parts }) => parts.push({ type: 'reasoning', content: String(value) }),
  'ai.response.toolCalls': (value, { parts }) => {
    const calls = list(parsed(value)).map((call) => ({ ...given(call), type: 'tool-call' }));
    parts.push(...partsOf(calls));
  },
  'ai.response.object': captured('outputs'),
  'ai.toolCall.args': captured('inputs'),
  'ai.toolCall.result': captured('outputs'),
  'ai.value': captured('inputs'),
  'ai.values': captured('inputs'),
  'ai.documents': captured('inputs'),
  'ai.ranking': captured('outputs'),
  // A list of numbers for each value says nothing to anybody and is long.
  'ai.embedding': left,
  'ai.embeddings': left,
};

const FIELDS: Readonly<Record<string, Translate>> = {
  'ai.telemetry.functionId': (value, draft) => {
    draft.agent = { name: text(value) };
  },
  'ai.toolCall.name': (value, { tool }) => Object.assign(tool, { name: text(value), type: 'function' }),
  'ai.toolCall.id': (value, { tool }) => Object.assign(tool, { callId: text(value) }),
};

/** On the span of a model call only: the spans around it repeat them, and readers would count them twice. */
const LEAF: Readonly<Record<string, Translate>> = {
  'ai.model.provider': model('provider', (value) => providerName(text(value))),
  'ai.model.id': model('model', text),
  'gen_ai.system': left,
  'gen_ai.request.model': model('model', text),
  'gen_ai.request.temperature': model('temperature', count),
  'gen_ai.request.top_p': model('topP', count),
  'gen_ai.request.top_k': model('topK', count),
  'gen_ai.request.max_tokens': model('maxTokens', count),
  'gen_ai.request.frequency_penalty': model('frequencyPenalty', count),
  'gen_ai.request.presence_penalty': model('presencePenalty', count),
  'gen_ai.request.stop_sequences': model('stopSequences', texts),
  'gen_ai.response.finish_reasons': model('finishReasons', texts),
  'gen_ai.response.id': model('responseId', text),
  'gen_ai.response.model': model('responseModel', text),
  'ai.response.id': left,
  'ai.response.model': left,
  'ai.response.finishReason': left,
  'ai.response.msToFirstChunk': model('timeToFirstChunk', (value) => {
    const millis = count(value);
    return millis === undefined ? undefined : millis / 1000;
  }),
  'gen_ai.usage.input_tokens': used('inputTokens'),
  'gen_ai.usage.output_tokens': used('outputTokens'),
  'ai.usage.tokens': used('inputTokens'),
  'ai.usage.promptTokens': used('inputTokens'),
  'ai.usage.completionTokens': used('outputTokens'),
  'ai.usage.inputTokens': used('inputTokens'),
  'ai.usage.outputTokens': used('outputTokens'),
  'ai.usage.totalTokens': used('totalTokens'),
  'ai.usage.cachedInputTokens': used('cacheRead'),
  'ai.usage.inputTokenDetails.cacheReadTokens': used('cacheRead'),
  'ai.usage.inputTokenDetails.cacheWriteTokens': used('cacheWrite'),
  'ai.usage.reasoningTokens': used('reasoning'),
  'ai.usage.outputTokenDetails.reasoningTokens': used('reasoning'),
};

/** Content that has no field. */
const MORE_CONTENT = /^ai\.(prompt|schema|response\.(files|providerMetadata))/;
const USAGE = /^(ai|gen_ai)\.usage\./;
const METADATA = 'ai.telemetry.metadata.';

/** Translates the attributes of one call of `setAttributes`, or of the start of a span; content only where it is captured. */
export function translate(type: SpanType, attributes: Attributes, isCaptured: boolean): Translated {
  const isLeaf = type === 'model' || type === 'embedding' || type === 'reranker';
  const draft: Draft = {
    model: {},
    usage: {},
    tool: {},
    metadata: {},
    parts: [],
    content: {},
    agent: undefined,
  };
  const rest: Attributes = {};
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined) continue;
    if (!isCaptured && (key in CONTENT || MORE_CONTENT.test(key))) continue;
    const translation = CONTENT[key] ?? FIELDS[key] ?? (isLeaf ? LEAF[key] : undefined);
    if (translation !== undefined) translation(value, draft);
    else if (key.startsWith(METADATA)) draft.metadata[key.slice(METADATA.length)] = value;
    else if (!USAGE.test(key)) rest[key] = value;
  }
  const { parts, content } = draft;
  const finish_reason = text(attributes['ai.response.finishReason']);
  if (parts.length > 0) content.outputMessages = [{ role: 'assistant', parts, finish_reason }];
  return { fields: fieldsOf(type, draft), content, rest };
}

function fieldsOf(type: SpanType, { model, usage, tool, metadata, agent }: Draft): OpenFields {
  const filled = <Group extends object>(group: Group): Group | undefined =>
    Object.keys(group).length === 0 ? undefined : group;
  return {
    model: filled(model),
    usage: filled(usage),
    tool: filled(tool),
    metadata: filled(metadata),
    agent: type === 'agent' ? agent : undefined,
  };
}
