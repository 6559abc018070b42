/**
 * @module @elastic/mockotlpserver, an OTLP receiver that decodes with protobufjs, inside this process. It publishes
 * on process-wide diagnostics channels, so one at a time: two would each see what the other received.
 */

import { createRequire } from 'node:module';
import { type ReceivedSpan, spansOf } from './received-spans.ts';

const load = createRequire(import.meta.url);
const receiveMilliseconds = 15_000;

interface Message {
  readonly $type?: { toObject(message: Message, options: object): unknown };
}

interface MockOtlpServer {
  readonly httpUrl: URL;
  start(): Promise<void>;
  close(): Promise<void>;
}

interface MockOtlpServerOptions {
  services: readonly string[];
  httpHostname: string;
  httpPort: number;
  logLevel: string;
  onTrace(request: Message): void;
  onRequest(request: MockOtlpRequest): void;
}

/** For `requireCounterpart`: says what is missing when the package is not installed. */
export function probeMockOtlp(): string | undefined {
  try {
    load.resolve('@elastic/mockotlpserver');
    return undefined;
  } catch {
    return 'Expected the development dependency @elastic/mockotlpserver; run `npm ci`.';
  }
}

/** What the receiver says of a request, apart from its body. */
export interface MockOtlpRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | undefined>>;
}

/** A receiver that is running. */
export interface MockOtlp {
  /** Where it takes traces, path included. */
  readonly endpoint: string;
  /** Requests so far. */
  readonly requests: readonly MockOtlpRequest[];
  /** Waits, 15 s at most, until at least `expected` spans were decoded; then all of them. */
  spans(expected: number): Promise<ReceivedSpan[]>;
  /** Stops listening. */
  stop(): Promise<void>;
}

const hexFields = new Set(['traceId', 'spanId', 'parentSpanId']);

/** OTLP JSON writes ids in hex and other bytes in base64. */
export function toOtlpJson(held: unknown, field = ''): unknown {
  if (Buffer.isBuffer(held)) return held.toString(hexFields.has(field) ? 'hex' : 'base64');
  if (Array.isArray(held)) return held.map((element) => toOtlpJson(element));
  if (typeof held !== 'object' || held === null) return held;
  return Object.fromEntries(Object.entries(held).map(([key, member]) => [key, toOtlpJson(member, key)]));
}

/** Starts the receiver on a free loopback port. It takes identity-encoded protobuf bodies and JSON, no gzip. */
export async function startMockOtlp(): Promise<MockOtlp> {
  const mock = load('@elastic/mockotlpserver') as {
    MockOtlpServer: new (options: MockOtlpServerOptions) => MockOtlpServer;
  };
  const requests: MockOtlpRequest[] = [];
  const received: ReceivedSpan[] = [];
  let notify = (): void => {};
  const server = new mock.MockOtlpServer({
    services: ['http'],
    httpHostname: '127.0.0.1',
    httpPort: 0,
    logLevel: 'warn',
    onRequest: (request) => requests.push(request),
    onTrace(request) {
      // A JSON body it hands on as parsed; $type is on the prototype of the messages it decoded.
      received.push(
        ...spansOf(
          request.$type === undefined
            ? request
            : toOtlpJson(request.$type.toObject(request, { longs: String })),
        ),
      );
      notify();
    },
  });
  await server.start();
  return {
    endpoint: new URL('/v1/traces', server.httpUrl).href,
    requests,
    spans: (expected) =>
      new Promise((resolve, reject) => {
        const deadline = setTimeout(() => {
          reject(new Error(`expected ${expected} spans at the mock receiver, got ${received.length}`));
        }, receiveMilliseconds);
        notify = () => {
          if (received.length < expected) return;
          clearTimeout(deadline);
          resolve([...received]);
        };
        notify();
      }),
    stop: () => server.close(),
  };
}
