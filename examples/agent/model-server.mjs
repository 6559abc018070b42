/**
 * A loopback server of the OpenAI chat completions interface: `POST /v1/chat/completions`, whole or streamed.
 * Started with an IPC channel; sends `{ url }` when it listens and exits when the channel closes.
 */
import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { compose, decide } from './model.mjs';

// Long enough to be seen in the trace, short enough for a demo.
const THINKING_MS = 40;
const CHUNK_MS = 6;
const WORDS_PER_CHUNK = 4;
const MAXIMUM_BODY_BYTES = 4 * 1024 * 1024;
const CREATED = 1_700_000_000;

let sequence = 0;

const server = createServer(async (request, response) => {
  try {
    await handle(request, response);
  } catch (error) {
    if (!response.headersSent) refuse(response, 400, String(error));
    else response.destroy();
  }
});

async function handle(request, response) {
  if (request.method !== 'POST' || request.url !== '/v1/chat/completions') {
    refuse(response, 404, `expected POST /v1/chat/completions, got ${request.method} ${request.url}`);
    return;
  }
  const body = JSON.parse(await readBody(request));
  if (!Array.isArray(body.messages)) {
    refuse(response, 400, 'expected "messages" to be an array');
    return;
  }
  sequence += 1;
  const head = { id: `chatcmpl-${sequence}`, created: CREATED, model: body.model };
  await delay(THINKING_MS);
  const step = body.tools ? decide(body.messages) : { content: compose(body.messages) };
  const usage = usageOf(body.messages, step);
  if (body.stream)
    await sendStream(response, head, step, body.stream_options?.include_usage ? usage : undefined);
  else sendWhole(response, head, step, usage);
}

function sendWhole(response, head, step, usage) {
  const message = { role: 'assistant', content: step.content ?? null };
  if (step.toolCalls) message.tool_calls = step.toolCalls.map(toWireCall);
  const finish = step.toolCalls ? 'tool_calls' : 'stop';
  const choices = [{ index: 0, message, finish_reason: finish, logprobs: null }];
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ ...head, object: 'chat.completion', choices, usage }));
}

async function sendStream(response, head, step, usage) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  const send = (choices, more) => {
    const chunk = { ...head, object: 'chat.completion.chunk', choices, ...more };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  const delta = (value, finish = null) => send([{ index: 0, delta: value, finish_reason: finish }]);
  if (step.toolCalls) {
    delta({
      role: 'assistant',
      tool_calls: step.toolCalls.map((call, index) => ({ index, ...toWireCall(call) })),
    });
  } else {
    delta({ role: 'assistant', content: '' });
    const words = step.content.split(/(?<=\s)/);
    for (let from = 0; from < words.length; from += WORDS_PER_CHUNK) {
      await delay(CHUNK_MS);
      delta({ content: words.slice(from, from + WORDS_PER_CHUNK).join('') });
    }
  }
  delta({}, step.toolCalls ? 'tool_calls' : 'stop');
  // With `include_usage` the last chunk carries the usage and no choices.
  if (usage) send([], { usage });
  response.end('data: [DONE]\n\n');
}

function toWireCall(call, index) {
  return {
    id: `call_${sequence}_${index}`,
    type: 'function',
    function: { name: call.name, arguments: JSON.stringify(call.arguments) },
  };
}

function usageOf(messages, step) {
  const prompt = countTokens(JSON.stringify(messages));
  const completion = countTokens(step.content ?? JSON.stringify(step.toolCalls));
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

/** Words and punctuation marks: not a real tokeniser's count, but a stable one. */
function countTokens(text) {
  return text.match(/\w+|[^\w\s]/g)?.length ?? 0;
}

async function readBody(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAXIMUM_BODY_BYTES) throw new RangeError(`expected at most ${MAXIMUM_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function refuse(response, status, message) {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ error: { message, type: 'invalid_request_error' } }));
}

server.listen(0, '127.0.0.1', () => process.send({ url: `http://127.0.0.1:${server.address().port}` }));
process.on('disconnect', () => process.exit(0));
