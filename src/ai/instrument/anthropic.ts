/** The messages endpoint of Anthropic's interface. */
import type { Message, MessagePart, Usage } from '../fields.ts';
import type { OpenFields } from '../record.ts';
import type { Collector, Endpoint } from './endpoint.ts';
import { copied, mediaPart, withoutBytes } from './media.ts';
import { asNumber, asRecord, asRecords, asText, asTexts, type Json } from './read.ts';

export const MESSAGES: Endpoint = {
  type: 'model',
  operation: 'chat',
  request(body, content) {
    const fields: OpenFields = {
      model: {
        model: asText(body.model),
        temperature: asNumber(body.temperature),
        topP: asNumber(body.top_p),
        topK: asNumber(body.top_k),
        maxTokens: asNumber(body.max_tokens),
        stopSequences: asTexts(body.stop_sequences),
        stream: typeof body.stream === 'boolean' ? body.stream : undefined,
      },
    };
    if (!content) return fields;
    if (body.system !== undefined) fields.systemInstructions = blocks(body.system);
    fields.inputMessages = asRecords(body.messages).map((message) => ({
      role: asText(message.role) ?? 'user',
      parts: blocks(message.content),
    }));
    fields.toolDefinitions = toolDefinitions(body.tools);
    return fields;
  },
  response: (answer, content) => answered(answer, readUsage(answer.usage), content),
  collect: (content) => new BlockCollector(content),
};

function answered(answer: Json, usage: Usage | undefined, content: boolean): OpenFields {
  const finishReason = asText(answer.stop_reason);
  const message: Message = { role: 'assistant', parts: blocks(answer.content) };
  if (finishReason !== undefined) message.finish_reason = finishReason;
  return {
    model: {
      responseModel: asText(answer.model),
      responseId: asText(answer.id),
      finishReasons: finishReason === undefined ? undefined : [finishReason],
    },
    usage,
    outputMessages: content ? [message] : undefined,
  };
}

/** `input_tokens` here are those that no cache had a part in. */
function readUsage(given: unknown): Usage | undefined {
  if (typeof given !== 'object' || given === null) return undefined;
  const usage = given as Json;
  const cacheRead = asNumber(usage.cache_read_input_tokens);
  const cacheWrite = asNumber(usage.cache_creation_input_tokens);
  const input = asNumber(usage.input_tokens);
  return {
    inputTokens: input === undefined ? undefined : input + (cacheRead ?? 0) + (cacheWrite ?? 0),
    outputTokens: asNumber(usage.output_tokens),
    cacheRead,
    cacheWrite,
    reasoning: asNumber(asRecord(usage.output_tokens_details).thinking_tokens),
  };
}

function blocks(content: unknown): MessagePart[] {
  if (typeof content === 'string') return [{ type: 'text', content: withoutBytes(content) }];
  return asRecords(content).map(blockPart);
}

function blockPart(block: Json): MessagePart {
  const { type, source } = block;
  switch (type) {
    case 'text':
      return { type, content: withoutBytes(asText(block.text) ?? '') };
    case 'thinking':
      return { type: 'reasoning', content: asText(block.thinking) ?? '' };
    case 'tool_use':
    case 'server_tool_use':
      return {
        type: 'tool_call',
        id: asText(block.id),
        name: asText(block.name) ?? '',
        arguments: copied(block.input),
      };
    case 'tool_result':
      return { type: 'tool_call_response', id: asText(block.tool_use_id), response: result(block.content) };
    case 'image':
      return sourcePart('image', asRecord(source));
    case 'document':
      return sourcePart('document', asRecord(source));
    default:
      return copied(block) as MessagePart;
  }
}

function result(content: unknown): unknown {
  return Array.isArray(content) ? blocks(content) : copied(content);
}

function sourcePart(modality: string, source: Json): MessagePart {
  const { type, data, url, file_id, media_type } = source;
  // Of documents, the data may be plain text, or blocks.
  if (type === 'text') return { type: 'text', content: withoutBytes(asText(data) ?? '') };
  if (type === 'content') return { type: modality, content: result(source.content) };
  return mediaPart(modality, { data, url, fileId: file_id, mimeType: media_type });
}

/** Definitions in the form of the GenAI conventions; those of tools that the provider runs stay as they are. */
function toolDefinitions(tools: unknown): unknown[] | undefined {
  const given = asRecords(tools);
  if (given.length === 0) return undefined;
  return given.map((tool) => {
    const { type = 'function', name, description, input_schema: parameters } = tool;
    return copied(parameters === undefined ? tool : { type, name, description, parameters });
  });
}

/** A block as it grows: deltas add to one of its members. */
type Block = Record<string, unknown>;

class BlockCollector implements Collector {
  private readonly content: boolean;
  private readonly blocks = new Map<unknown, Block>();
  private message: Json = {};
  private usage: Json | undefined;
  private stopReason: unknown;

  constructor(content: boolean) {
    this.content = content;
  }

  push(event: Json): void {
    const { type, index } = event;
    const delta = asRecord(event.delta);
    if (type === 'message_start') {
      this.message = asRecord(event.message);
      // Until the end of the message, the output is a placeholder.
      this.usage = { ...asRecord(this.message.usage), output_tokens: undefined };
    } else if (type === 'message_delta') {
      this.stopReason = delta.stop_reason ?? this.stopReason;
      this.usage = { ...this.usage, ...present(asRecord(event.usage)) };
    } else if (this.content && type === 'content_block_start') {
      this.blocks.set(index, { ...asRecord(event.content_block) });
    } else if (this.content && type === 'content_block_delta') {
      const block = this.blocks.get(index);
      if (block !== undefined) grow(block, delta);
    }
  }

  fields(content: boolean): OpenFields {
    const blocks = [...this.blocks.values()].map(wholeBlock);
    const answer = { ...this.message, content: blocks, stop_reason: this.stopReason };
    return answered(answer, readUsage(this.usage), content);
  }
}

/** Counts that do not apply are null in the last event, which leaves those of the first. */
function present(usage: Json): Json {
  return Object.fromEntries(
    Object.entries(usage).filter(([, count]) => count !== null && count !== undefined),
  );
}

function grow(block: Block, delta: Json): void {
  for (const member of ['text', 'thinking', 'partial_json'] as const) {
    const piece = asText(delta[member]);
    if (piece !== undefined) block[member] = (asText(block[member]) ?? '') + piece;
  }
}

/** The input of a tool comes as pieces of JSON; of a stream that broke off, it is what there is. */
function wholeBlock({ partial_json, ...block }: Block): Block {
  if (typeof partial_json !== 'string' || partial_json === '') return block;
  try {
    return { ...block, input: JSON.parse(partial_json) };
  } catch {
    return { ...block, input: partial_json };
  }
}
