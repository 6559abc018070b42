// One side of the wrapper rows, in a process of its own: prints p50, p99 and the mean of every row as JSON.
// `node --expose-gc side.mjs NAME`
import * as api from '@opentelemetry/api';

const CALLS = 20_000;
const WARM_UP = 5_000;
const CHUNKS = 1_000;
const MAX_EXPORT_BATCH_SIZE = 512;

const chat = Array.from({ length: 30 }, (_, index) => ({
  role: index % 2 ? 'assistant' : 'user',
  content: `message ${index} `.repeat(19),
}));
const identity = async (value) => value;
const answer = async (_messages) => 'the answer';
async function* pieces() {
  for (let index = 0; index < CHUNKS; index += 1) yield 'chunk ';
}

/** Our package as installed; its spans leave to nowhere, encoded. */
async function spandrel() {
  const { flush, init, trace } = await import('../../dist/esm/index.mjs');
  const { createServer } = await import('node:http');
  const server = createServer((request, response) => request.resume().on('end', () => response.end()));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  server.unref();
  init({ endpoint: `http://127.0.0.1:${server.address().port}` });
  class Service {
    method(value) {
      return value;
    }
  }
  const descriptor = Object.getOwnPropertyDescriptor(Service.prototype, 'method');
  Object.defineProperty(
    Service.prototype,
    'method',
    trace({ content: false })(Service.prototype, 'method', descriptor),
  );
  return {
    'sync-bare': trace((value) => value, { content: false }),
    'async-bare': trace(identity, { content: false }),
    'short-content': trace(answer),
    'chat-7k': trace(answer),
    generator: trace(pieces, { content: false }),
    'decorated-method': (value) => service.method(value),
    service: Service,
    // Outside the clock: what waits would otherwise be shed, as no receiver takes gigabytes a second.
    drain: () => flush(),
  };
}
let service;

/** opentelemetry-js: collection as its batch processor does it, protobuf for every 512 spans, inside the clock. */
async function provider() {
  const { BasicTracerProvider } = await import('@opentelemetry/sdk-trace-base');
  const { AsyncLocalStorageContextManager } = await import('@opentelemetry/context-async-hooks');
  const { ProtobufTraceSerializer } = await import('@opentelemetry/otlp-transformer');
  let finished = [];
  const processor = {
    onStart() {},
    onEnd(span) {
      finished.push(span);
      if (finished.length < MAX_EXPORT_BATCH_SIZE) return;
      ProtobufTraceSerializer.serializeRequest(finished);
      finished = [];
    },
    async forceFlush() {},
    async shutdown() {},
  };
  const made = new BasicTracerProvider({ spanProcessors: [processor] });
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  api.trace.setGlobalTracerProvider(made);
  return made;
}

async function upstream() {
  const tracer = (await provider()).getTracer('bench');
  const byHand = (fn, content) => (value) =>
    tracer.startActiveSpan('call', async (span) => {
      try {
        if (content) span.setAttribute('input', JSON.stringify(value));
        const result = await fn(value);
        if (content) span.setAttribute('output', JSON.stringify(result));
        return result;
      } finally {
        span.end();
      }
    });
  const sync = (value) =>
    tracer.startActiveSpan('call', (span) => {
      try {
        return value;
      } finally {
        span.end();
      }
    });
  return {
    'sync-bare': sync,
    'async-bare': byHand(identity, false),
    'short-content': byHand(answer, true),
    'chat-7k': byHand(answer, true),
    'decorated-method': sync,
  };
}

async function langfuse() {
  await provider();
  const { observe } = await import('@langfuse/tracing');
  const off = { captureInput: false, captureOutput: false };
  return {
    'sync-bare': observe((value) => value, off),
    'async-bare': observe(identity, off),
    'short-content': observe(answer, {}),
    'chat-7k': observe(answer, {}),
  };
}

async function openinference() {
  await provider();
  const { withSpan } = await import('@arizeai/openinference-core');
  const off = { processInput: () => ({}), processOutput: () => ({}) };
  return {
    'sync-bare': withSpan((value) => value, off),
    'async-bare': withSpan(identity, off),
    'short-content': withSpan(answer, {}),
    'chat-7k': withSpan(answer, {}),
  };
}

async function langsmith() {
  const { traceable } = await import('langsmith/traceable');
  // Its client is one that takes everything and sends nothing: nothing of its serialisation is in these figures.
  const client = {
    createRun: async () => {},
    updateRun: async () => {},
    awaitPendingTraceBatches: async () => {},
  };
  const options = { client, tracingEnabled: true };
  return {
    'async-bare': traceable(identity, { ...options, processInputs: () => ({}), processOutputs: () => ({}) }),
    'short-content': traceable(answer, options),
    'chat-7k': traceable(answer, options),
    generator: traceable(pieces, options),
  };
}

const bare = async () => ({
  'sync-bare': (value) => value,
  'async-bare': identity,
  'short-content': answer,
  'chat-7k': answer,
  generator: pieces,
});

/**
 * What no wrapper can do without on Node.js: one run in a context, and one promise derived from the one that came back, so
 * that an error nobody handles is reported.
 */
async function floor() {
  const { AsyncLocalStorage } = await import('node:async_hooks');
  const storage = new AsyncLocalStorage();
  const pass = (value) => value;
  const sync = (value) => storage.run({}, () => value);
  const async = (value) => storage.run({}, () => identity(value)).then(pass);
  return {
    'sync-bare': sync,
    'async-bare': async,
    'decorated-method': sync,
    generator: () => {
      const iterator = pieces();
      const { next } = iterator;
      iterator.next = (value) => storage.run(iterator, () => next.call(iterator, value)).then(pass);
      return iterator;
    },
  };
}

const turn = () => new Promise(setImmediate);
const percentile = (sorted, share) => sorted[Math.floor(sorted.length * share)];

function summary(times) {
  const sorted = Float64Array.from(times).sort();
  const mean = sorted.reduce((sum, one) => sum + one, 0) / sorted.length;
  return { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), mean };
}

/** Calls one by one, each timed, with a turn of the event loop now and then for what is exported. */
async function clock(call, count, warmUp) {
  const times = [];
  for (let index = -warmUp; index < count; index += 1) {
    const begun = performance.now();
    const result = call();
    if (result instanceof Promise) await result;
    if (index >= 0) times.push((performance.now() - begun) * 1e6);
    if (index % 500 === 0) await (rows.drain ?? turn)();
  }
  return summary(times);
}

const SIDES = { bare, floor, spandrel, upstream, langfuse, openinference, langsmith };
const rows = await SIDES[process.argv[2]]();
if (rows.service) service = new rows.service();
const results = {};
for (const name of ['sync-bare', 'async-bare', 'decorated-method', 'short-content', 'chat-7k']) {
  const call = rows[name];
  if (call === undefined) continue;
  const value = name === 'chat-7k' ? chat : name === 'short-content' ? 'a question' : 1;
  results[name] = await clock(() => call(value), CALLS, WARM_UP);
}
if (rows.generator) {
  const drain = async () => {
    for await (const _ of await rows.generator());
  };
  const { p50, p99, mean } = await clock(drain, 200, 50);
  results['generator-chunk'] = { p50: p50 / CHUNKS, p99: p99 / CHUNKS, mean: mean / CHUNKS };
}
console.log(JSON.stringify(results));
process.exit(0);
