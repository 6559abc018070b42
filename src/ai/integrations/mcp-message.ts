/** Messages of the Model Context Protocol: JSON-RPC 2.0 requests, answers and notifications. */
import { inject } from '../session.ts';
import { type Given, given, text } from './given.ts';

export interface Request {
  readonly id: string | number;
  readonly method: string;
  readonly params: Given;
}

export interface Answer {
  readonly id: string | number;
  readonly result: Given;
  /** `undefined` where the request succeeded. */
  readonly error: Given | undefined;
}

function idOf({ id }: Given): string | number | undefined {
  return typeof id === 'string' || typeof id === 'number' ? id : undefined;
}

export function requestIn(message: unknown): Request | undefined {
  const { method, params } = given(message);
  const id = idOf(given(message));
  if (id === undefined || typeof method !== 'string') return undefined;
  return { id, method, params: given(params) };
}

export function answerIn(message: unknown): Answer | undefined {
  const { method, result, error } = given(message);
  const id = idOf(given(message));
  if (id === undefined || method !== undefined) return undefined;
  return { id, result: given(result), error: error === undefined ? undefined : given(error) };
}

/** The request that a notification takes back. */
export function cancelledIn(message: unknown): string | number | undefined {
  const { method, params } = given(message);
  return method === 'notifications/cancelled' ? idOf({ id: given(params).requestId }) : undefined;
}

/** What carries the context of a message (MCP, SEP-414: `traceparent`, `tracestate` and `baggage` in `params._meta`). */
export function metaOf(message: unknown): Given {
  return given(given(given(message).params)._meta);
}

/** The message with the active context in it; the same where there is none to carry. */
export function withActiveContext<Message>(message: Message): Message {
  const carrier = inject({});
  if (Object.keys(carrier).length === 0) return message;
  const params = given(given(message).params);
  return { ...message, params: { ...params, _meta: { ...given(params._meta), ...carrier } } };
}

/** `tools/call weather`: what a request is about, where that has few values (MCP conventions, "Span name"). */
export function titleOf({ method, params }: Request): string {
  const isNamed = method === 'tools/call' || method === 'prompts/get';
  const name = isNamed ? text(params.name) : undefined;
  return name === undefined ? method : `${method} ${name}`;
}
