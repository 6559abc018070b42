/** The responses endpoint of the OpenAI interface. */
import type { Message, MessagePart } from '../fields.ts';
import type { OpenFields } from '../record.ts';
import type { Collector, Endpoint } from './endpoint.ts';
import { copied, withoutBytes } from './media.ts';
import {
  contentParts,
  readUsage,
  requestModel,
  responseModel,
  textPart,
  toolDefinitions,
} from './openai-fields.ts';
import { asNumber, asRecord, asRecords, asText, type Json } from './read.ts';

export const RESPONSES: Endpoint = {
  type: 'model',
  operation: 'chat',
  request(body, content) {
    const fields: OpenFields = { model: requestModel(body) };
    if (!content) return fields;
    const { instructions, input, tools } = body;
    if (typeof instructions === 'string') fields.systemInstructions = [textPart(instructions)];
    fields.inputMessages =
      typeof input === 'string'
        ? [{ role: 'user', parts: [textPart(input)] }]
        : asRecords(input).map((item) => ({ role: roleOf(item), parts: itemParts(item) }));
    fields.toolDefinitions = toolDefinitions(tools);
    return fields;
  },
  response: answered,
  collect: (content) => new ItemCollector(content),
};

/** Items have no role but messages; whether the model or the program made one, its type says. */
function roleOf({ role, type }: Json): string {
  if (typeof role === 'string') return role;
  return String(type).endsWith('_output') ? 'tool' : 'assistant';
}

function itemParts(item: Json): MessagePart[] {
  switch (item.type) {
    case undefined:
    case 'message':
      return contentParts(item.content);
    case 'function_call':
    case 'custom_tool_call':
      return [
        {
          type: 'tool_call',
          id: asText(item.call_id),
          name: asText(item.name) ?? '',
          arguments: copied(item.arguments ?? item.input),
        },
      ];
    case 'function_call_output':
    case 'custom_tool_call_output': {
      const response = typeof item.output === 'string' ? withoutBytes(item.output) : copied(item.output);
      return [{ type: 'tool_call_response', id: asText(item.call_id), response }];
    }
    case 'reasoning':
      return [...asRecords(item.summary), ...asRecords(item.content)].map(({ text }) => ({
        type: 'reasoning',
        content: asText(text) ?? '',
      }));
    default:
      return [copied(item) as MessagePart];
  }
}

/** All items of an answer are one message of the assistant. The endpoint has a status and no reason to finish. */
function answered(answer: Json, content: boolean): OpenFields {
  const { status, error, incomplete_details } = answer;
  const finishReason = asText(asRecord(incomplete_details).reason ?? status);
  const items = asRecords(answer.output);
  const message: Message = {
    role: 'assistant',
    parts: items.flatMap(itemParts),
    finish_reason: finishReason,
  };
  return {
    model: {
      ...responseModel(answer),
      finishReasons: finishReason === undefined ? undefined : [finishReason],
    },
    usage: readUsage(answer.usage),
    outputMessages: content && items.length > 0 ? [message] : undefined,
    error: status === 'failed' ? failure(asRecord(error)) : undefined,
  };
}

function failure({ message, code }: Json): string {
  return asText(message) ?? asText(code) ?? 'failed';
}

/** Events whose text belongs to the item at `output_index`, by the member of the item that it adds to. */
const DELTAS: Readonly<Record<string, 'text' | 'reasoning' | 'refusal' | 'arguments'>> = {
  'response.output_text.delta': 'text',
  'response.reasoning_text.delta': 'reasoning',
  'response.reasoning_summary_text.delta': 'reasoning',
  'response.refusal.delta': 'refusal',
  'response.function_call_arguments.delta': 'arguments',
  'response.custom_tool_call_input.delta': 'arguments',
};

/** The last event has the whole answer; what came by is kept for a stream that ends without it. */
class ItemCollector implements Collector {
  private readonly content: boolean;
  private readonly items = new Map<number, { item: Json; kind: string; text: string }>();
  private last: Json = {};
  private error: string | undefined;

  constructor(content: boolean) {
    this.content = content;
  }

  push(event: Json): void {
    const { response, type, delta } = event;
    if (typeof response === 'object') {
      this.last = asRecord(response);
      return;
    }
    if (type === 'error') this.error = failure(event);
    if (!this.content) return;
    const index = asNumber(event.output_index) ?? 0;
    const current = this.items.get(index) ?? { item: {}, kind: 'text', text: '' };
    if (type === 'response.output_item.added') {
      current.item = asRecord(event.item);
      this.items.set(index, current);
    }
    const kind = DELTAS[String(type)];
    if (kind === undefined || typeof delta !== 'string') return;
    current.kind = kind;
    current.text += delta;
    this.items.set(index, current);
  }

  fields(content: boolean): OpenFields {
    const { last, error } = this;
    const isWhole =
      last.status !== 'in_progress' && last.status !== 'queued' && asRecords(last.output).length > 0;
    const output = isWhole ? last.output : [...this.items.values()].map(partialItem);
    const fields = answered({ ...last, output }, content);
    return error === undefined ? fields : { ...fields, error };
  }
}

function partialItem({ item, kind, text }: { item: Json; kind: string; text: string }): Json {
  if (kind === 'arguments') return { ...item, arguments: text, input: undefined };
  if (kind === 'reasoning') return { type: 'reasoning', summary: [{ text }] };
  if (kind === 'refusal') return { type: 'message', content: [{ type: 'refusal', refusal: text }] };
  return text === '' ? item : { type: 'message', content: text };
}
