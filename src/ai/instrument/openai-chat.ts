/** Chat completions, and the older completions of a text, of the OpenAI interface. */
import type { Message, Usage } from '../fields.ts';
import type { OpenFields } from '../record.ts';
import type { Collector, Endpoint } from './endpoint.ts';
import {
  chatMessage,
  readUsage,
  requestModel,
  responseModel,
  textPart,
  toolDefinitions,
} from './openai-fields.ts';
import { asNumber, asRecord, asRecords, asText, asTexts, type Json } from './read.ts';

export const CHAT: Endpoint = {
  type: 'model',
  operation: 'chat',
  request(body, content) {
    const fields: OpenFields = { model: requestModel(body) };
    if (!content) return fields;
    fields.inputMessages = asRecords(body.messages).map((message) => chatMessage(message));
    fields.toolDefinitions = toolDefinitions(body.tools ?? body.functions);
    return fields;
  },
  response: (answer, content) =>
    answered(answer, content, ({ message, finish_reason }) =>
      chatMessage(asRecord(message), asText(finish_reason)),
    ),
  collect: (content) => new ChoiceCollector(content, chatMessage),
};

export const COMPLETION: Endpoint = {
  type: 'model',
  operation: 'text_completion',
  request(body, content) {
    const fields: OpenFields = { model: requestModel(body) };
    const prompts = content ? asTexts(body.prompt) : undefined;
    fields.inputMessages = prompts?.map((prompt) => ({ role: 'user', parts: [textPart(prompt)] }));
    return fields;
  },
  response: (answer, content) =>
    answered(answer, content, ({ text, finish_reason }) =>
      completion({ content: text }, asText(finish_reason)),
    ),
  collect: (content) => new ChoiceCollector(content, completion),
};

function completion({ content }: Json, finishReason: string | undefined): Message {
  return chatMessage({ role: 'assistant', content }, finishReason);
}

function answered(answer: Json, content: boolean, toMessage: (choice: Json) => Message): OpenFields {
  const choices = asRecords(answer.choices);
  return {
    model: { ...responseModel(answer), finishReasons: finishReasons(choices) },
    usage: readUsage(answer.usage),
    outputMessages: content && choices.length > 0 ? choices.map(toMessage) : undefined,
  };
}

function finishReasons(choices: readonly Json[]): string[] | undefined {
  return asTexts(choices.map(({ finish_reason }) => finish_reason));
}

interface Call {
  id?: unknown;
  name: string;
  arguments: string;
}

/** One choice of a streamed answer, as far as it came. */
class Choice {
  role = 'assistant';
  text = '';
  reasoning = '';
  refusal = '';
  finish_reason: unknown;
  private readonly calls = new Map<number, Call>();

  /** The first delta of a call brings its id and name, the others pieces of its arguments. */
  addCall(delta: Json): void {
    // Servers that send each call whole leave the index out.
    const index = asNumber(delta.index) ?? this.calls.size;
    const called = asRecord(delta.function ?? delta.custom);
    const call = this.calls.get(index) ?? { name: '', arguments: '' };
    call.id ??= delta.id;
    call.name += asText(called.name) ?? '';
    call.arguments += asText(called.arguments ?? called.input) ?? '';
    this.calls.set(index, call);
  }

  message(): Json {
    const { role, text, reasoning, refusal } = this;
    return {
      role,
      content: text,
      reasoning_content: reasoning,
      refusal: refusal === '' ? undefined : refusal,
      tool_calls: [...this.calls.values()].map(({ id, ...called }) => ({ id, function: called })),
    };
  }
}

class ChoiceCollector implements Collector {
  private readonly content: boolean;
  private readonly toMessage: (message: Json, finishReason: string | undefined) => Message;
  private readonly choices = new Map<number, Choice>();
  private head: Json = {};
  private usage: Usage | undefined;

  constructor(content: boolean, toMessage: ChoiceCollector['toMessage']) {
    this.content = content;
    this.toMessage = toMessage;
  }

  push(chunk: Json): void {
    if (chunk.model || this.head.id === undefined) this.head = chunk;
    // Only the last chunk has it, where the request asked for it; some servers send a running sum.
    this.usage = readUsage(chunk.usage) ?? this.usage;
    for (const given of asRecords(chunk.choices)) {
      const index = asNumber(given.index) ?? 0;
      const choice = this.choices.get(index) ?? new Choice();
      this.choices.set(index, choice);
      if (given.finish_reason) choice.finish_reason = given.finish_reason;
      if (this.content) grow(choice, asRecord(given.delta), given.text);
    }
  }

  fields(content: boolean): OpenFields {
    const choices = [...this.choices.entries()]
      .sort(([one], [other]) => one - other)
      .map(([, choice]) => choice);
    return {
      model: {
        ...responseModel(this.head),
        finishReasons: asTexts(choices.map(({ finish_reason }) => finish_reason)),
      },
      usage: this.usage,
      outputMessages: content
        ? choices.map((choice) => this.toMessage(choice.message(), asText(choice.finish_reason)))
        : undefined,
    };
  }
}

function grow(choice: Choice, delta: Json, text: unknown): void {
  if (typeof delta.role === 'string') choice.role = delta.role;
  choice.text += asText(delta.content ?? text) ?? '';
  choice.reasoning += asText(delta.reasoning_content ?? delta.reasoning) ?? '';
  choice.refusal += asText(delta.refusal) ?? '';
  for (const call of asRecords(delta.tool_calls)) choice.addCall(call);
  if (delta.function_call) choice.addCall({ index: 0, function: delta.function_call });
}
