/** Messages, tools and usage of the AI SDK (`ai` 5 to 7) as fields. */
import type { Message, MessagePart, ModelFields, Usage } from '../fields.ts';
import { count, type Given, given, known, list, parsed, snapshot, text, texts } from './given.ts';
import { providerName } from './provider-name.ts';

/** A prompt: what the system says apart from the rest. */
export function promptFields(
  messages: unknown,
  instructions?: unknown,
): { systemInstructions?: MessagePart[]; inputMessages?: Message[] } {
  const system = typeof instructions === 'string' ? [instructions] : list(instructions);
  const systemInstructions = system.flatMap(systemParts);
  const inputMessages: Message[] = [];
  for (const message of list(messages)) {
    const { role, content } = given(message);
    if (role === 'system') systemInstructions.push(...systemParts(content));
    else inputMessages.push({ role: String(role ?? 'user'), parts: partsOf(content) });
  }
  return {
    systemInstructions: systemInstructions.length === 0 ? undefined : systemInstructions,
    inputMessages,
  };
}

function systemParts(value: unknown): MessagePart[] {
  return typeof value === 'string' ? partsOf(value) : partsOf(given(value).content ?? value);
}

/** The answer of a model. */
export function answerFields(content: unknown, finishReason: unknown): { outputMessages?: Message[] } {
  const parts = partsOf(content);
  if (parts.length === 0) return {};
  return { outputMessages: [{ role: 'assistant', parts, finish_reason: text(finishReason) }] };
}

export function partsOf(content: unknown): MessagePart[] {
  if (typeof content === 'string') return content === '' ? [] : [{ type: 'text', content }];
  return list(content).map((part) => partOf(given(part)));
}

function partOf(part: Given): MessagePart {
  switch (part.type) {
    case 'text':
    case 'reasoning':
      return { type: part.type, content: String(part.text ?? '') };
    case 'tool-call':
      return {
        type: 'tool_call',
        id: text(part.toolCallId),
        name: String(part.toolName),
        arguments: snapshot(parsed(part.input ?? part.args)),
      };
    case 'tool-result':
    case 'tool-error':
      return { type: 'tool_call_response', id: text(part.toolCallId), response: responseOf(part) };
    case 'image':
    case 'file':
      return mediaOf(part);
    default:
      return { type: String(part.type ?? 'unknown') };
  }
}

/** A result in a prompt says what form it has; one that a tool just gave is its value. */
function responseOf({ output, result, error }: Given): unknown {
  if (error !== undefined) return String(error);
  const { type, value } = given(output);
  return snapshot(typeof type === 'string' && value !== undefined ? value : (output ?? result));
}

/** Media are named and never captured. */
function mediaOf(part: Given): MessagePart {
  const file = given(part.file);
  const source = part.data ?? part.image;
  const mime = text(part.mediaType) ?? text(file.mediaType);
  const uri = source instanceof URL ? source.href : text(source);
  const isReference = uri !== undefined && /^https?:/.test(uri);
  return isReference ? { type: 'uri', mime_type: mime, uri } : { type: 'blob', mime_type: mime };
}

/** Usage of a model call; numbers that the provider did not give are left out. */
export function usageOf(value: unknown): Usage | undefined {
  const usage = given(value);
  const input = given(usage.inputTokenDetails);
  const output = given(usage.outputTokenDetails);
  return known<Usage>({
    inputTokens: count(usage.inputTokens),
    outputTokens: count(usage.outputTokens),
    totalTokens: count(usage.totalTokens),
    cacheRead: count(input.cacheReadTokens) ?? count(usage.cachedInputTokens),
    cacheWrite: count(input.cacheWriteTokens),
    reasoning: count(output.reasoningTokens) ?? count(usage.reasoningTokens),
  });
}

/** What was asked of a model. */
export function requestFields(event: Given): ModelFields {
  return {
    provider: providerName(text(event.provider)),
    model: text(event.modelId),
    temperature: count(event.temperature),
    topP: count(event.topP),
    topK: count(event.topK),
    maxTokens: count(event.maxOutputTokens),
    frequencyPenalty: count(event.frequencyPenalty),
    presencePenalty: count(event.presencePenalty),
    stopSequences: texts(event.stopSequences),
    seed: count(event.seed),
  };
}
