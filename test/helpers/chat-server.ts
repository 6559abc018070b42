/** @module A loopback server of the OpenAI interface, whose answers follow from what it is asked. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

export const ANSWER = 'It is sunny in Graz.';
/** What each call of a chat model uses. */
export const USED = { input: 10, output: 5, cached: 4, reasoning: 2 };
export const EMBEDDED = 3;

interface ChatRequest {
  /** Of the answer. */
  id: string;
  model: string;
  stream?: boolean;
  messages: { role: string; content: unknown }[];
  tools?: { function: { name: string } }[];
  input?: string | string[];
}

export interface ChatServer {
  /** Base URL, as clients of the interface take it. */
  readonly url: string;
  /** Headers of each request, in order. */
  readonly headers: IncomingMessage['headers'][];
}

/**
 * Calls the first tool offered once, with `{"city":"Graz"}`, then answers `ANSWER`. Asked to "fail", answers 400; asked to
 * "hang", streams two pieces and waits. Ends with the test.
 */
export async function startChatServer(): Promise<ChatServer> {
  const headers: IncomingMessage['headers'][] = [];
  const server = createServer(async (request, response) => {
    headers.push(request.headers);
    let body = '';
    for await (const chunk of request) body += chunk;
    answer(request.url ?? '', { ...JSON.parse(body), id: `chatcmpl-${headers.length}` }, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, headers };
}

function answer(path: string, request: ChatRequest, response: ServerResponse): void {
  const told = JSON.stringify(request.messages ?? '');
  const isCalled = request.tools !== undefined && !request.messages.some(({ role }) => role === 'tool');
  if (path === '/v1/embeddings') send(response, 200, embeddings(request));
  else if (told.includes('fail')) send(response, 400, REFUSAL);
  else if (request.stream) stream(response, chunks(request, isCalled), told.includes('hang'));
  else send(response, 200, completion(request, isCalled));
}

function stream(response: ServerResponse, chunks: readonly object[], isHanging: boolean): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const chunk of chunks.slice(0, isHanging ? 2 : undefined)) {
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  }
  if (!isHanging) response.end('data: [DONE]\n\n');
}

const REFUSAL = {
  error: { message: 'the model refuses', type: 'invalid_request_error', code: null, param: null },
};

function send(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

const USAGE = {
  prompt_tokens: USED.input,
  completion_tokens: USED.output,
  total_tokens: USED.input + USED.output,
  prompt_tokens_details: { cached_tokens: USED.cached },
  completion_tokens_details: { reasoning_tokens: USED.reasoning },
};

const callOf = ({ tools }: ChatRequest) => ({
  id: 'call-1',
  type: 'function',
  function: { name: tools?.[0].function.name, arguments: '{"city":"Graz"}' },
});

function completion(request: ChatRequest, isCalled: boolean): object {
  const message = isCalled
    ? { role: 'assistant', content: null, tool_calls: [callOf(request)] }
    : { role: 'assistant', content: ANSWER };
  return {
    id: request.id,
    object: 'chat.completion',
    created: 1,
    model: `${request.model}-0601`,
    choices: [{ index: 0, message, finish_reason: isCalled ? 'tool_calls' : 'stop' }],
    usage: USAGE,
  };
}

function chunks(request: ChatRequest, isCalled: boolean): object[] {
  const deltas: object[] = isCalled
    ? [{ role: 'assistant', tool_calls: [{ index: 0, ...callOf(request) }] }]
    : ANSWER.split(/(?<= )/).map((content) => ({ role: 'assistant', content }));
  const head = {
    id: request.id,
    object: 'chat.completion.chunk',
    created: 1,
    model: `${request.model}-0601`,
  };
  const chunk = (delta: object, finish: string | null) => ({
    ...head,
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  return [
    ...deltas.map((delta) => chunk(delta, null)),
    chunk({}, isCalled ? 'tool_calls' : 'stop'),
    { ...head, choices: [], usage: USAGE },
  ];
}

function embeddings({ input, model }: ChatRequest): object {
  const values = typeof input === 'string' ? [input] : (input ?? []);
  return {
    object: 'list',
    model,
    data: values.map((_, index) => ({ object: 'embedding', index, embedding: [0.1, 0.2] })),
    usage: { prompt_tokens: EMBEDDED, total_tokens: EMBEDDED },
  };
}
