/** Messages, results and usage of LangChain.js (`@langchain/core` 0.3 and 1) as fields. */
import { contentText } from '../content.ts';
import type { Message, MessagePart, ModelFields, RetrievedDocument, Usage } from '../fields.ts';
import type { OpenFields } from '../record.ts';
import { count, type Given, given, known, list, parsed, snapshot, text, texts } from './given.ts';
import { providerName } from './provider-name.ts';

const ROLES: Readonly<Record<string, string>> = { human: 'user', ai: 'assistant', generic: 'user' };

/** What was asked of a model: its own parameters, and what LangChain knows of them (`ls_*`). */
export function requestFields(extra: Given, metadata: Given): ModelFields {
  const asked = given(extra.invocation_params);
  const stop = asked.stop ?? metadata.ls_stop;
  return {
    provider: providerName(text(metadata.ls_provider)),
    model: text(metadata.ls_model_name) ?? text(asked.model) ?? text(asked.model_name),
    temperature: count(metadata.ls_temperature) ?? count(asked.temperature),
    topP: count(asked.top_p),
    topK: count(asked.top_k),
    maxTokens: count(metadata.ls_max_tokens) ?? count(asked.max_tokens),
    frequencyPenalty: count(asked.frequency_penalty),
    presencePenalty: count(asked.presence_penalty),
    stopSequences: typeof stop === 'string' ? [stop] : texts(stop),
    seed: count(asked.seed),
    choiceCount: count(asked.n),
    stream: asked.stream === true ? true : undefined,
  };
}

/** A prompt: what the system says apart from the rest. */
export function promptFields(messages: readonly unknown[]): OpenFields {
  const read = messages.map((message) => messageOf(given(message)));
  const system = read.filter(({ role }) => role === 'system').flatMap(({ parts }) => parts);
  return {
    systemInstructions: system.length === 0 ? undefined : system,
    inputMessages: read.filter(({ role }) => role !== 'system'),
  };
}

/** What went into a chain: messages as such, one value without the object around it. */
export function inputFields(value: unknown): OpenFields {
  const messages = messagesIn(value);
  return messages === undefined ? { inputs: contentText(only(value, 'input')) } : promptFields(messages);
}

/** What came out of it. Of a conversation that grew, what was said since the user spoke. */
export function outputFields(value: unknown): OpenFields {
  const messages = messagesIn(value)?.map((message) => messageOf(given(message)));
  if (messages === undefined) return { outputs: contentText(only(value, 'output')) };
  const spoke = messages.map(({ role }) => role).lastIndexOf('user') + 1;
  return { outputMessages: spoke < messages.length ? messages.slice(spoke) : messages };
}

function messagesIn(value: unknown): readonly unknown[] | undefined {
  if (isMessage(value)) return [value];
  const messages = Array.isArray(value) ? value : given(value).messages;
  return Array.isArray(messages) && messages.length > 0 && messages.every(isMessage) ? messages : undefined;
}

function isMessage(value: unknown): boolean {
  const { getType, _getType } = given(value);
  return typeof (getType ?? _getType) === 'function';
}

function only(value: unknown, member: string): unknown {
  const { [member]: inner, ...others } = given(value);
  return inner === undefined || Object.keys(others).length > 0 ? value : inner;
}

function typeOf(message: Given): string {
  const { getType, _getType, type, role } = message;
  const ask = getType ?? _getType;
  if (typeof ask === 'function') return String(Reflect.apply(ask, message, []));
  return String(type ?? role ?? 'user');
}

function messageOf(message: Given): Message {
  const type = typeOf(message);
  const role = ROLES[type] ?? type;
  if (role === 'tool') {
    const { tool_call_id, content } = message;
    return {
      role,
      parts: [{ type: 'tool_call_response', id: text(tool_call_id), response: snapshot(content) }],
    };
  }
  return { role, parts: [...partsOf(message.content), ...list(message.tool_calls).map(callOf)] };
}

function callOf(call: unknown): MessagePart {
  const { id, name, args } = given(call);
  return { type: 'tool_call', id: text(id), name: String(name), arguments: snapshot(parsed(args)) };
}

function partsOf(content: unknown): MessagePart[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', content }];
  // Calls of tools stand in the message beside the content as well.
  return list(content)
    .map(given)
    .filter(({ type }) => type !== 'tool_use' && type !== 'tool_call' && type !== 'functionCall')
    .map(blockOf);
}

/** Media are named and never captured. */
function blockOf(block: Given): MessagePart {
  if (block.type === 'text') return { type: 'text', content: String(block.text ?? '') };
  const thought = block.thinking ?? block.reasoning;
  if (thought !== undefined) return { type: 'reasoning', content: String(thought) };
  const uri = text(given(block.image_url).url) ?? text(block.image_url) ?? text(block.url);
  if (uri !== undefined && /^https?:/.test(uri)) return { type: 'uri', uri };
  const mime = text(block.mimeType) ?? text(block.mime_type);
  if (mime !== undefined || /image|audio|video|file/.test(String(block.type))) {
    return { type: 'blob', mime_type: mime };
  }
  return { type: String(block.type ?? 'unknown') };
}

/** What a model answered; one generation for each choice. */
export function answerOf(output: unknown): { known: OpenFields; content: OpenFields } {
  const generations = list(list(given(output).generations)[0]).map(given);
  const first = given(generations[0]?.message);
  const told = given(given(output).llmOutput);
  const metadata = given(first.response_metadata);
  const finishReasons = texts(generations.map(finishReasonOf));
  const model = known<ModelFields>({
    responseModel: text(metadata.model_name) ?? text(metadata.model) ?? text(told.model_name),
    responseId: text(metadata.id) ?? text(first.id),
    finishReasons,
  });
  return {
    known: { model, usage: usageOf(given(first.usage_metadata), told) },
    content: { outputMessages: generations.map(outputOf) },
  };
}

function finishReasonOf({ generationInfo, message }: Given): string | undefined {
  const metadata = given(given(message).response_metadata);
  return (
    text(given(generationInfo).finish_reason) ?? text(metadata.finish_reason) ?? text(metadata.stop_reason)
  );
}

function outputOf(generation: Given): Message {
  const finish_reason = finishReasonOf(generation);
  if (generation.message === undefined) {
    return { role: 'assistant', parts: partsOf(generation.text), finish_reason };
  }
  return { ...messageOf(given(generation.message)), role: 'assistant', finish_reason };
}

/** A message tells its own usage; older models tell that of the whole call beside it. */
function usageOf(own: Given, told: Given): Usage | undefined {
  const input = given(own.input_token_details);
  const output = given(own.output_token_details);
  const whole = given(told.tokenUsage ?? told.estimatedTokenUsage ?? told.usage);
  return known<Usage>({
    inputTokens: count(own.input_tokens) ?? count(whole.promptTokens) ?? count(whole.input_tokens),
    outputTokens: count(own.output_tokens) ?? count(whole.completionTokens) ?? count(whole.output_tokens),
    totalTokens: count(own.total_tokens) ?? count(whole.totalTokens),
    cacheRead: count(input.cache_read),
    cacheWrite: count(input.cache_creation),
    reasoning: count(output.reasoning),
  });
}

export function documentsOf(documents: unknown): RetrievedDocument[] {
  return list(documents).map((one) => {
    const { id, pageContent, metadata } = given(one);
    return {
      id: text(id),
      content: text(pageContent),
      metadata: snapshot(metadata) as RetrievedDocument['metadata'],
    };
  });
}
