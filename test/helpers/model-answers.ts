/** @module Answers of model services as their documentation shows them, with text of several scripts in it. */
import type { Reply } from './model-protocols.ts';

export const TEXT = 'Bees dance 🐝 in the Größe of an eight; 蜜蜂.';

export const CHAT_USAGE = {
  prompt_tokens: 21,
  completion_tokens: 13,
  total_tokens: 34,
  prompt_tokens_details: { cached_tokens: 8, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: 5, audio_tokens: 0 },
};

const CHAT_HEAD = { id: 'chatcmpl-1', created: 1_700_000_000, model: 'gpt-loopback-2026' };

export const TOOL_CALLS = [
  {
    id: 'call_1',
    type: 'function',
    function: { name: 'search_notes', arguments: '{"query":"Größe 🐝"}' },
  },
  { id: 'call_2', type: 'function', function: { name: 'clock', arguments: '{}' } },
];

/** A whole chat completion of a message. */
export function chatAnswer(message: object = { content: TEXT }, finish = 'stop'): Reply {
  const choices = [
    { index: 0, message: { role: 'assistant', ...message }, finish_reason: finish, logprobs: null },
  ];
  return { json: { ...CHAT_HEAD, object: 'chat.completion', choices, usage: CHAT_USAGE } };
}

function chunk(delta: object, finish: string | null = null): object {
  const choices = [{ index: 0, delta, finish_reason: finish, logprobs: null }];
  return { ...CHAT_HEAD, object: 'chat.completion.chunk', choices };
}

/** The same text as a stream, a few characters a chunk; the last chunk has the usage, as `include_usage` asks for. */
export function chatStream(more: Partial<Reply> = {}): Reply {
  const words = TEXT.match(/.{1,7}/gu) ?? [];
  const events = [
    chunk({ role: 'assistant', content: '' }),
    ...words.map((content) => chunk({ content })),
    chunk({}, 'stop'),
    { ...CHAT_HEAD, object: 'chat.completion.chunk', choices: [], usage: CHAT_USAGE },
  ];
  return { events, ...more };
}

/** Tool calls, whose arguments come in pieces that take turns. */
export function toolStream({ calls = 2, ...more }: Partial<Reply> & { calls?: number } = {}): Reply {
  const called = TOOL_CALLS.slice(0, calls);
  const events = [chunk({ role: 'assistant', content: null })];
  for (const [index, { id, type, function: one }] of called.entries()) {
    events.push(chunk({ tool_calls: [{ index, id, type, function: { name: one.name, arguments: '' } }] }));
  }
  for (let at = 0; at < TOOL_CALLS[0].function.arguments.length; at += 3) {
    for (const [index, { function: one }] of called.entries()) {
      const piece = one.arguments.slice(at, at + 3);
      if (piece !== '') events.push(chunk({ tool_calls: [{ index, function: { arguments: piece } }] }));
    }
  }
  events.push(chunk({}, 'tool_calls'));
  events.push({ ...CHAT_HEAD, object: 'chat.completion.chunk', choices: [], usage: CHAT_USAGE });
  return { events, ...more };
}

const RESPONSE_USAGE = {
  input_tokens: 31,
  input_tokens_details: { cached_tokens: 16, cache_write_tokens: 2 },
  output_tokens: 17,
  output_tokens_details: { reasoning_tokens: 9 },
  total_tokens: 48,
};

const REASONING = { id: 'rs_1', type: 'reasoning', summary: [{ type: 'summary_text', text: 'Look it up.' }] };
const OUTPUT = [
  REASONING,
  {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    status: 'completed',
    content: [{ type: 'output_text', text: TEXT, annotations: [], logprobs: [] }],
  },
  {
    id: 'fc_1',
    type: 'function_call',
    call_id: 'call_1',
    name: 'search_notes',
    arguments: '{"query":"bees"}',
    status: 'completed',
  },
];

/** An answer of the responses endpoint: reasoning, a text, a tool call. */
export function response(more: object = {}): Record<string, unknown> {
  return {
    id: 'resp_1',
    object: 'response',
    created_at: 1_700_000_000,
    model: 'gpt-loopback-2026',
    status: 'completed',
    error: null,
    incomplete_details: null,
    instructions: null,
    output: OUTPUT,
    usage: RESPONSE_USAGE,
    tools: [],
    metadata: {},
    ...more,
  };
}

export function responseStream(more: Partial<Reply> = {}): Reply {
  const open = response({ status: 'in_progress', output: [], usage: null });
  const [, message, call] = OUTPUT;
  const at = (output_index: number, item_id: string) => ({ output_index, item_id, content_index: 0 });
  const part = { type: 'output_text', text: '', annotations: [] };
  const events: object[] = [
    { type: 'response.created', response: open },
    { type: 'response.output_item.added', output_index: 0, item: { ...REASONING, summary: [] } },
    {
      type: 'response.reasoning_summary_part.added',
      output_index: 0,
      item_id: 'rs_1',
      summary_index: 0,
      part: { type: 'summary_text', text: '' },
    },
    {
      type: 'response.reasoning_summary_text.delta',
      output_index: 0,
      item_id: 'rs_1',
      summary_index: 0,
      delta: 'Look it up.',
    },
    { type: 'response.output_item.added', output_index: 1, item: { ...message, content: [] } },
    { type: 'response.content_part.added', ...at(1, 'msg_1'), part },
    ...(TEXT.match(/.{1,7}/gu) ?? []).map((delta) => ({
      type: 'response.output_text.delta',
      ...at(1, 'msg_1'),
      delta,
    })),
    { type: 'response.output_item.added', output_index: 2, item: { ...call, arguments: '' } },
    { type: 'response.function_call_arguments.delta', ...at(2, 'fc_1'), delta: '{"query":' },
    { type: 'response.function_call_arguments.delta', ...at(2, 'fc_1'), delta: '"bees"}' },
    { type: 'response.completed', response: response() },
  ];
  return {
    events: events.map((event, sequence_number) => ({ ...event, sequence_number })),
    named: true,
    end: null,
    ...more,
  };
}

const MESSAGE_USAGE = { input_tokens: 11, cache_creation_input_tokens: 4, cache_read_input_tokens: 20 };

const BLOCKS = [
  { type: 'thinking', thinking: 'Look it up.', signature: 'c2lnbmF0dXJl' },
  { type: 'text', text: TEXT, citations: null },
  { type: 'tool_use', id: 'toolu_1', name: 'search_notes', input: { query: 'Größe 🐝' } },
];

/** A whole message of Anthropic's interface: thinking, a text, a tool to use. */
export function message(more: object = {}): Reply {
  const json = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'model-loopback-2026',
    content: BLOCKS,
    stop_reason: 'tool_use',
    stop_sequence: null,
    usage: { ...MESSAGE_USAGE, output_tokens: 19, output_tokens_details: { thinking_tokens: 6 } },
    ...more,
  };
  return { json, headers: { 'request-id': 'request-1' } };
}

const pieces = (text: string): string[] => text.match(/.{1,7}/gu) ?? [];

export function messageStream(more: Partial<Reply> = {}): Reply {
  const { content: _, ...head } = message().json as Record<string, unknown>;
  const start = { ...head, content: [], stop_reason: null, usage: { ...MESSAGE_USAGE, output_tokens: 1 } };
  const [thinking, text, tool] = BLOCKS;
  const block = (index: number, empty: object, deltas: object[]): object[] => [
    { type: 'content_block_start', index, content_block: empty },
    { type: 'ping' },
    ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ];
  const events = [
    { type: 'message_start', message: start },
    ...block(0, { ...thinking, thinking: '', signature: '' }, [
      { type: 'thinking_delta', thinking: 'Look ' },
      { type: 'thinking_delta', thinking: 'it up.' },
      { type: 'signature_delta', signature: 'c2lnbmF0dXJl' },
    ]),
    ...block(
      1,
      { ...text, text: '' },
      pieces(TEXT).map((piece) => ({ type: 'text_delta', text: piece })),
    ),
    ...block(
      2,
      { ...tool, input: {} },
      pieces(JSON.stringify(tool.input)).map((partial_json) => ({ type: 'input_json_delta', partial_json })),
    ),
    {
      type: 'message_delta',
      delta: { stop_reason: 'tool_use', stop_sequence: null },
      usage: { output_tokens: 19, input_tokens: null, output_tokens_details: { thinking_tokens: 6 } },
    },
    { type: 'message_stop' },
  ];
  return { events, named: true, end: null, headers: { 'request-id': 'request-1' }, ...more };
}
