/** Requests of one connection that wait for their answers, in one direction. */
import { type Context, type Link, type SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { contentText } from '../content.ts';
import { type McpFields, mcpAttributes } from '../dialects/mcp.ts';
import { given, list, text } from './given.ts';
import { addContent, type LibraryCall, openCall } from './library-call.ts';
import { type Answer, type Request, titleOf } from './mcp-message.ts';

export class McpCalls {
  private readonly calls = new Map<string | number, LibraryCall>();
  private readonly kind: SpanKind;
  /** What is known of the connection by now. */
  private readonly connection: () => McpFields;

  constructor(kind: SpanKind, connection: () => McpFields) {
    this.kind = kind;
    this.connection = connection;
  }

  start(request: Request, parent: Context, links?: Link[]): LibraryCall {
    const { id, method, params } = request;
    const isTool = method === 'tools/call';
    const attributes = mcpAttributes({
      ...this.connection(),
      method,
      requestId: String(id),
      resourceUri: text(params.uri),
      promptName: method === 'prompts/get' ? text(params.name) : undefined,
    });
    const fields = isTool ? { type: 'tool' as const, tool: { name: text(params.name) } } : undefined;
    const call = openCall(parent, { name: titleOf(request), kind: this.kind, attributes, fields });
    for (const link of links ?? []) call.span.addLink(link);
    if (isTool || method === 'prompts/get') {
      addContent(call, () => ({ inputs: contentText(params.arguments) }));
    }
    this.calls.get(id)?.finishStream(undefined, true);
    this.calls.set(id, call);
    call.whenClosed = () => {
      if (this.calls.get(id) === call) this.calls.delete(id);
    };
    return call;
  }

  answer({ id, result, error }: Answer): void {
    const call = this.calls.get(id);
    if (call === undefined) return;
    call.span.setAttributes(mcpAttributes(this.connection()));
    if (error !== undefined) {
      this.refuse(call, error.code, text(error.message));
      return;
    }
    const { content, structuredContent, messages, contents } = result;
    addContent(call, () => ({ outputs: contentText(structuredContent ?? content ?? messages ?? contents) }));
    if (result.isError === true) fail(call, { errorType: 'tool_error' }, textIn(content));
    call.finish(undefined);
  }

  private refuse(call: LibraryCall, code: unknown, message: string | undefined): void {
    const errorCode = typeof code === 'number' ? String(code) : undefined;
    fail(call, { errorCode, errorType: errorCode ?? '_OTHER' }, message);
    call.finish(undefined);
  }

  /** Nobody waits for the answer any more. */
  cancel(id: string | number, reason: unknown): void {
    const call = this.calls.get(id);
    if (call === undefined) return;
    fail(call, { errorType: 'cancelled' }, text(reason));
    call.finishStream(undefined, true);
  }

  /** No answer can come any more. */
  close(): void {
    for (const call of [...this.calls.values()]) {
      fail(call, { errorType: 'connection_closed' }, 'the connection was closed');
      call.finishStream(undefined, true);
    }
  }
}

function fail(call: LibraryCall, fields: McpFields, message: string | undefined): void {
  call.span.setAttributes(mcpAttributes(fields));
  call.span.setStatus({ code: SpanStatusCode.ERROR, message });
}

/** What a tool says of its failure. */
function textIn(content: unknown): string | undefined {
  return list(content)
    .map((part) => text(given(part).text))
    .find((one) => one !== undefined);
}
