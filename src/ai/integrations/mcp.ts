/**
 * The Model Context Protocol, for clients and servers of `@modelcontextprotocol/sdk`:
 *
 * ```ts
 * import { instrumentMcp } from 'spandrel/mcp';
 * const client = instrumentMcp(new Client({ name: 'agent', version: '1.0.0' }));
 * const server = instrumentMcp(new McpServer({ name: 'notes', version: '1.0.0' }));
 * ```
 */
import { type Context, type Link, SpanKind } from '@opentelemetry/api';
import { describe } from '../../api/attributes.ts';
import { activeContext, spanOf, withContext } from '../../api/context.ts';
import { warnOnce } from '../../diagnostics.ts';
import type { McpFields } from '../dialects/mcp.ts';
import { extractContext } from '../session.ts';
import { given, text } from './given.ts';
import { type LibraryCall, listener } from './library-call.ts';
import { McpCalls } from './mcp-calls.ts';
import { answerIn, cancelledIn, metaOf, type Request, requestIn, withActiveContext } from './mcp-message.ts';

/** A transport of the SDK, as far as we go. */
interface Transport {
  start: () => Promise<void>;
  send: (message: unknown, ...rest: unknown[]) => Promise<void>;
  onmessage?: (message: unknown, ...rest: unknown[]) => void;
  onclose?: () => void;
  sessionId?: string;
}

interface Peer {
  connect: (transport: Transport, ...rest: unknown[]) => Promise<void>;
  transport?: Transport;
}

/**
 * Traces the requests that a `Client`, `Server` or `McpServer` sends (spans of kind `CLIENT`) and handles (`SERVER`): tools,
 * resources, prompts, and all others, named `{method} {tool}`. The trace goes with each request in its `params._meta`, so
 * that the handling is a child of the request, in whatever process and over whatever transport; what ran around it there,
 * such as an HTTP request, is linked. Returns the same object. Works before and after `connect`; never throws.
 *
 * A tool that answers `isError`, an error that is answered, a cancelled request and a connection that closes set the status
 * to ERROR. Arguments and results are subject to the `content` option. A request whose answer goes through the task queue
 * of the SDK ends with the connection.
 */
export function instrumentMcp<P extends object>(peer: P): P {
  const protocol = (given(peer).server ?? peer) as Peer;
  if (typeof protocol.connect !== 'function') {
    const expected = 'expected a Client, Server or McpServer of @modelcontextprotocol/sdk';
    warnOnce('instrument-mcp', `instrumentMcp: ${expected}, got ${describe(peer)}; it is not traced.`);
    return peer;
  }
  if (instrumented.has(protocol)) return peer;
  instrumented.add(protocol);
  const { connect } = protocol;
  protocol.connect = function (this: Peer, transport: Transport, ...rest: unknown[]): Promise<void> {
    instrument(transport);
    return Reflect.apply(connect, this, [transport, ...rest]);
  };
  if (protocol.transport !== undefined) {
    instrument(protocol.transport);
    listen(protocol.transport);
  }
  return peer;
}

const instrumented = new WeakSet<object>();
const connections = new WeakMap<Transport, Connection>();

const instrument = listener('mcp', (transport: Transport) => {
  if (typeof transport?.send !== 'function' || connections.has(transport)) return;
  connections.set(transport, new Connection(transport));
  const { send, start } = transport;
  transport.send = function (this: Transport, message: unknown, ...rest: unknown[]): Promise<void> {
    return sendTraced(transport, message, (outgoing) => Reflect.apply(send, this, [outgoing, ...rest]));
  };
  // The SDK sets its listeners before it starts a transport.
  transport.start = function (this: Transport): Promise<void> {
    listen(transport);
    return Reflect.apply(start, this, []);
  };
});

const listen = listener('mcp', (transport: Transport) => {
  const connection = connections.get(transport);
  if (connection === undefined || connection.isListening) return;
  connection.isListening = true;
  const { onmessage, onclose } = transport;
  transport.onmessage = function (this: unknown, message: unknown, ...rest: unknown[]): void {
    let context: Context | undefined;
    listener('mcp', () => {
      context = connection.received(message);
    })();
    const handle = (): unknown => onmessage && Reflect.apply(onmessage, this, [message, ...rest]);
    if (context === undefined) handle();
    else withContext(context, handle);
  };
  transport.onclose = function (this: unknown): void {
    listener('mcp', () => connection.closed())();
    if (onclose !== undefined) Reflect.apply(onclose, this, []);
  };
});

function sendTraced(
  transport: Transport,
  message: unknown,
  send: (message: unknown) => Promise<void>,
): Promise<void> {
  let call: LibraryCall | undefined;
  let outgoing = message;
  listener('mcp', () => {
    call = connections.get(transport)?.sending(message);
    if (given(message).method === undefined) return;
    outgoing = withContext(call?.frame ?? activeContext(), () => withActiveContext(message));
  })();
  const sending = call;
  if (sending === undefined) return send(outgoing);
  return withContext(sending.frame, () => send(outgoing)).then(undefined, (error) => {
    sending.fail(error);
    throw error;
  });
}

/** One transport: what is asked over it, both ways. */
class Connection {
  isListening = false;
  private readonly transport: Transport;
  private protocolVersion: string | undefined;
  private readonly asked = new McpCalls(SpanKind.CLIENT, () => this.fields());
  private readonly handled = new McpCalls(SpanKind.SERVER, () => this.fields());

  constructor(transport: Transport) {
    this.transport = transport;
  }

  /** The span of a request that is about to be sent. */
  sending(message: unknown): LibraryCall | undefined {
    const request = requestIn(message);
    if (request !== undefined) return this.asked.start(request, activeContext());
    this.settle(message, this.handled, this.asked);
    return undefined;
  }

  /** The context in which a message is to be handled; `undefined` for the one that is active. */
  received(message: unknown): Context | undefined {
    const request = requestIn(message);
    if (request !== undefined) return this.handle(request, message);
    this.settle(message, this.asked, this.handled);
    return given(message).method === undefined ? undefined : extractContext(metaOf(message));
  }

  private handle(request: Request, message: unknown): Context {
    const parent = extractContext(metaOf(message));
    const around = spanOf(activeContext())?.spanContext();
    const isElsewhere = around !== undefined && around.spanId !== spanOf(parent)?.spanContext().spanId;
    const links: Link[] = isElsewhere ? [{ context: around }] : [];
    return this.handled.start(request, parent, links).frame;
  }

  /** An answer ends its request; a notification takes one back that goes the same way. */
  private settle(message: unknown, answered: McpCalls, sameWay: McpCalls): void {
    const answer = answerIn(message);
    this.protocolVersion ??= text(answer?.result.protocolVersion);
    if (answer !== undefined) answered.answer(answer);
    const cancelled = cancelledIn(message);
    if (cancelled !== undefined) sameWay.cancel(cancelled, given(given(message).params).reason);
  }

  closed(): void {
    this.asked.close();
    this.handled.close();
  }

  private fields(): McpFields {
    const name = this.transport.constructor?.name ?? '';
    const isHttp = /http|sse/i.test(name);
    const isSocket = /websocket/i.test(name);
    return {
      sessionId: text(this.transport.sessionId),
      protocolVersion: this.protocolVersion,
      transport: isHttp || isSocket ? 'tcp' : /stdio/i.test(name) ? 'pipe' : undefined,
      protocol: isHttp ? 'http' : isSocket ? 'websocket' : undefined,
    };
  }
}
