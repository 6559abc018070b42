/**
 * What the AI layer knows about a span, in fields with types of their own. A dialect turns them into attributes when
 * the span ends; nothing else knows the names that go over the wire.
 */

import type { CapturedContent } from './lazy.ts';

/** What kind of work a span is. Each dialect has its own word for it. */
export type SpanType =
  | 'model'
  | 'embedding'
  | 'tool'
  | 'chain'
  | 'agent'
  | 'retriever'
  | 'reranker'
  | 'guardrail'
  | 'evaluator';

/** Tokens and cost of a model call. A number that is not known is left out, never 0. */
export interface Usage {
  /** Tokens of the prompt, those read from a cache included. */
  inputTokens?: number;
  /** Tokens of the answer, those of reasoning included. */
  outputTokens?: number;
  /** Default: the sum of the two, where both are known. */
  totalTokens?: number;
  /** Input tokens that were read from the provider's prompt cache. */
  cacheRead?: number;
  /** Input tokens that were written to it. */
  cacheWrite?: number;
  /** Output tokens that were spent on reasoning. */
  reasoning?: number;
  /** In US dollars. */
  cost?: number;
}

/** One part of a message (GenAI semantic conventions, "Message schema"). */
export type MessagePart =
  | { type: 'text'; content: string }
  | { type: 'reasoning'; content: string }
  | { type: 'tool_call'; id?: string; name: string; arguments?: unknown }
  | { type: 'tool_call_response'; id?: string; response?: unknown }
  | { type: string; [member: string]: unknown };

export interface Message {
  role: string;
  parts: MessagePart[];
  /** Who of several with this role. */
  name?: string;
  /** Of an output message. */
  finish_reason?: string;
}

/** A call of a model, a completion or an embedding. */
export interface ModelFields {
  /** Such as `openai` or `anthropic` (GenAI conventions, `gen_ai.provider.name`). */
  provider?: string;
  /** Such as `chat`, `text_completion`, `embeddings` (`gen_ai.operation.name`). Default: by the type of the span. */
  operation?: string;
  /** The model asked for. */
  model?: string;
  /** The model that answered. */
  responseModel?: string;
  responseId?: string;
  finishReasons?: string[];
  temperature?: number;
  topP?: number;
  topK?: number;
  maxTokens?: number;
  frequencyPenalty?: number;
  presencePenalty?: number;
  stopSequences?: string[];
  seed?: number;
  choiceCount?: number;
  stream?: boolean;
  /** `text`, `json`, `image` or `speech`. */
  outputType?: string;
  /** From the request to the first piece of a streamed answer, in seconds. */
  timeToFirstChunk?: number;
  serverAddress?: string;
  serverPort?: number;
}

export interface ToolFields {
  name?: string;
  description?: string;
  /** `function`, `extension` or `datastore`. */
  type?: string;
  callId?: string;
}

export interface AgentFields {
  name?: string;
  id?: string;
  description?: string;
}

/** A document that a retriever or reranker gave. */
export interface RetrievedDocument {
  id?: string;
  content?: string;
  score?: number;
  metadata?: Record<string, unknown>;
}

/** Named values, such as metadata or metrics. */
export type Group = Record<string, unknown>;

/**
 * All of it. Content is text already, JSON where it was no text, except for messages, definitions and documents: those
 * are objects of our own making, which dialects lay out in ways that differ.
 */
export interface Fields {
  type?: SpanType;
  inputs?: CapturedContent;
  outputs?: CapturedContent;
  /** Messages, in the form of the GenAI conventions. Content, as are the four that follow. */
  systemInstructions?: MessagePart[];
  inputMessages?: Message[];
  outputMessages?: Message[];
  toolDefinitions?: unknown[];
  documents?: RetrievedDocument[];
  model?: ModelFields;
  tool?: ToolFields;
  agent?: AgentFields;
  usage?: Usage;
  config?: Group;
  metadata?: Group;
  metrics?: Group;
  feedback?: Group;
  userProperties?: Group;
  /** What went wrong. */
  error?: string;
  /** The class of what was thrown. */
  errorType?: string;
  /** What the event is called where that is not the name of the span. */
  eventName?: string;
}

/** Members that are groups: what is added to one leaves the rest of it. */
export const FIELD_GROUPS = [
  'model',
  'tool',
  'agent',
  'usage',
  'config',
  'metadata',
  'metrics',
  'feedback',
  'userProperties',
] as const satisfies readonly (keyof Fields)[];

/** Whom and what a span belongs to. */
export interface SessionProperties {
  /** The conversation. */
  sessionId?: string;
  sessionName?: string;
  userId?: string;
  tags?: string[];
  metadata?: Group;
}
