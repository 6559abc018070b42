/** What the endpoints of the OpenAI interface have in common. */
import type { Message, MessagePart, ModelFields, Usage } from '../fields.ts';
import { copied, mediaPart, withoutBytes } from './media.ts';
import { asNumber, asRecord, asRecords, asText, asTexts, type Json } from './read.ts';

const OUTPUT_TYPES: Readonly<Record<string, string>> = {
  text: 'text',
  json_object: 'json',
  json_schema: 'json',
};

export function requestModel(body: Json): ModelFields {
  const format = asRecord(body.response_format ?? asRecord(body.text).format).type;
  const isSpoken = asTexts(body.modalities)?.includes('audio') === true;
  return {
    model: asText(body.model),
    temperature: asNumber(body.temperature),
    topP: asNumber(body.top_p),
    maxTokens: asNumber(body.max_completion_tokens ?? body.max_tokens ?? body.max_output_tokens),
    frequencyPenalty: asNumber(body.frequency_penalty),
    presencePenalty: asNumber(body.presence_penalty),
    stopSequences: asTexts(body.stop),
    seed: asNumber(body.seed),
    choiceCount: asNumber(body.n),
    stream: typeof body.stream === 'boolean' ? body.stream : undefined,
    outputType: isSpoken ? 'speech' : OUTPUT_TYPES[String(format)],
  };
}

export function responseModel(answer: Json): ModelFields {
  return { responseModel: asText(answer.model), responseId: asText(answer.id) };
}

/** `prompt_tokens` of the older endpoints is `input_tokens` of the newer one. */
export function readUsage(given: unknown): Usage | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const usage = given as Json;
  const input = asRecord(usage.prompt_tokens_details ?? usage.input_tokens_details);
  const output = asRecord(usage.completion_tokens_details ?? usage.output_tokens_details);
  return {
    inputTokens: asNumber(usage.prompt_tokens ?? usage.input_tokens),
    outputTokens: asNumber(usage.completion_tokens ?? usage.output_tokens),
    totalTokens: asNumber(usage.total_tokens),
    cacheRead: asNumber(input.cached_tokens),
    cacheWrite: asNumber(input.cache_write_tokens),
    reasoning: asNumber(output.reasoning_tokens),
  };
}

export function textPart(content: string): MessagePart {
  return { type: 'text', content: withoutBytes(content) };
}

/** The parts of a message's `content`, which is a text or a list. */
export function contentParts(content: unknown): MessagePart[] {
  if (typeof content === 'string') return [textPart(content)];
  return asRecords(content).map(contentPart);
}

function contentPart(part: Json): MessagePart {
  switch (part.type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return textPart(asText(part.text) ?? '');
    case 'refusal':
      return { type: 'refusal', content: part.refusal };
    case 'image_url':
      return mediaPart('image', { url: asRecord(part.image_url).url });
    case 'input_image':
      return mediaPart('image', { url: part.image_url, fileId: part.file_id });
    case 'input_audio': {
      const { data, format } = asRecord(part.input_audio);
      return mediaPart('audio', { data, mimeType: asText(format) && `audio/${format}` });
    }
    case 'file':
      return filePart(asRecord(part.file));
    case 'input_file':
      return filePart(part);
    default:
      return copied(part) as MessagePart;
  }
}

function filePart({ file_id, file_data, file_url }: Json): MessagePart {
  return mediaPart('document', { fileId: file_id, data: file_data, url: file_url });
}

/** Definitions in the form of the GenAI conventions; those of tools that the provider runs stay as they are. */
export function toolDefinitions(tools: unknown): unknown[] | undefined {
  const given = asRecords(tools);
  if (given.length === 0) return undefined;
  return given.map((tool) => {
    const { function: definition } = tool;
    return copied(definition === undefined ? tool : { type: tool.type, ...asRecord(definition) });
  });
}

/** A message of chat completions, as it is sent and as it comes. */
export function chatMessage(message: Json, finishReason?: string): Message {
  const { role, name, content, refusal, tool_calls, function_call, audio } = message;
  const parts: MessagePart[] = [];
  const reasoning = asText(message.reasoning_content ?? message.reasoning);
  if (reasoning) parts.push({ type: 'reasoning', content: reasoning });
  if (role === 'tool' || role === 'function') {
    const response = typeof content === 'string' ? withoutBytes(content) : copied(content);
    parts.push({ type: 'tool_call_response', id: asText(message.tool_call_id), response });
  } else if (content !== '') parts.push(...contentParts(content));
  if (typeof refusal === 'string') parts.push({ type: 'refusal', content: refusal });
  for (const call of asRecords(tool_calls)) parts.push(toolCall(call, call.function ?? call.custom));
  if (function_call) parts.push(toolCall({}, function_call));
  if (audio) parts.push(mediaPart('audio', { data: asRecord(audio).data, fileId: asRecord(audio).id }));
  return {
    role: asText(role) ?? 'assistant',
    parts,
    ...(typeof name === 'string' && { name }),
    ...(finishReason !== undefined && { finish_reason: finishReason }),
  };
}

function toolCall({ id }: Json, called: unknown): MessagePart {
  const { name, arguments: given, input } = asRecord(called);
  return { type: 'tool_call', id: asText(id), name: asText(name) ?? '', arguments: copied(given ?? input) };
}
