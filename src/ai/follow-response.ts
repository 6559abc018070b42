/** A `Response` whose body is read after the traced function has returned it. */
import { Chunks } from './chunks.ts';
import { followReadableStream } from './follow-stream.ts';
import type { OpenCall } from './open-call.ts';
import { keepOpen } from './open-calls.ts';
import { isResponse } from './platform-objects.ts';

const TEXT = /^(text\/|application\/(x-)?(json|ndjson|jsonl|xml|.{1,100}\+json))/i;

/** A response with the same head and a body that is followed; one without a body is complete. */
export function followResponse(response: Response, call: OpenCall): unknown {
  const { body, status, statusText, headers } = response;
  if (body === null || response.bodyUsed || body.locked) return undefined;
  const copy = followed(body, call, { status, statusText, headers });
  return response.constructor === Response ? likeFetched(response, copy) : readThrough(response, () => copy);
}

/** The constructor leaves these empty, and a clone is made by it. */
function likeFetched({ url, redirected, type }: Response, copy: Response): Response {
  for (const [key, value] of Object.entries({ url, redirected, type })) {
    Object.defineProperty(copy, key, { value, configurable: true });
  }
  const { clone } = copy;
  Object.defineProperty(copy, 'clone', {
    value: () => likeFetched(copy, clone.call(copy)),
    configurable: true,
  });
  return copy;
}

/**
 * The same response, followed from when its body is first asked for: whoever holds it may as well leave the reading to the
 * client that gave it, or hand it to a server, which reads it past any copy.
 */
export function followResponseWhenRead(response: unknown, call: OpenCall): unknown {
  if (!isResponse(response) || response.body === null || response.bodyUsed) {
    call.finish(undefined);
    return response;
  }
  keepOpen(response, call, null);
  const { status, headers, body } = response;
  let copy: Response | undefined;
  readThrough(response, () => {
    if (copy === undefined && !body.locked) copy = followed(body, call, { status, headers });
    return copy;
  });
  const bodyUsed = () => copy?.bodyUsed ?? body.locked;
  Object.defineProperty(response, 'bodyUsed', { get: bodyUsed, configurable: true });
  return response;
}

/** A subclass has members of its own: it stays, and reads its body through a copy, where there is one. */
function readThrough(response: Response, copy: () => Response | undefined): Response {
  const { body } = response;
  Object.defineProperty(response, 'body', { get: () => (copy() ?? { body }).body, configurable: true });
  Object.defineProperty(response, 'bodyUsed', { get: () => copy()?.bodyUsed ?? true, configurable: true });
  for (const key of ['arrayBuffer', 'blob', 'bytes', 'clone', 'formData', 'json', 'text'] as const) {
    const read: unknown = (response as unknown as Record<string, unknown>)[key];
    if (typeof read !== 'function') continue;
    const value = (): unknown => Reflect.apply(read, copy() ?? response, []);
    Object.defineProperty(response, key, { value, configurable: true });
  }
  return response;
}

/** A response whose body, which is not locked, is followed. */
function followed(body: ReadableStream, call: OpenCall, init: ResponseInit & { headers: Headers }): Response {
  const stream = followReadableStream(body, call, chunksFor(init.headers, call));
  return new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>, init);
}

function chunksFor(headers: Headers, { capture }: OpenCall): Chunks | null {
  if (capture === null) return null;
  const isText = TEXT.test(headers.get('content-type') ?? '');
  return isText ? new TextChunks(capture.maxChunks) : new Chunks(capture.maxChunks, false);
}

class TextChunks extends Chunks {
  private readonly decoder = new TextDecoder();

  constructor(limit: number) {
    super(limit, false);
  }

  override push(chunk: unknown): void {
    super.push(
      ArrayBuffer.isView(chunk) ? this.decoder.decode(chunk as Uint8Array, { stream: true }) : chunk,
    );
  }
}
