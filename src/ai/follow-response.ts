/** A `Response` whose body is read after the traced function has returned it. */
import { Chunks } from './chunks.ts';
import { followReadableStream } from './follow-stream.ts';
import type { OpenCall } from './open-call.ts';

const TEXT = /^(text\/|application\/(x-)?(json|ndjson|jsonl|xml|.{1,100}\+json))/i;

/** A response with the same head and a body that is followed; one without a body is complete. */
export function followResponse(response: Response, call: OpenCall): unknown {
  const { body, status, statusText, headers } = response;
  if (body === null || response.bodyUsed) return undefined;
  const followed = followReadableStream(body, call, chunksFor(headers, call));
  if (followed === undefined) return undefined;
  const copy = new Response(followed as ReadableStream<Uint8Array<ArrayBuffer>>, {
    status,
    statusText,
    headers,
  });
  return response.constructor === Response ? likeFetched(response, copy) : readThrough(response, copy);
}

function chunksFor(headers: Headers, { capture }: OpenCall): Chunks | null {
  if (capture === null) return null;
  const isText = TEXT.test(headers.get('content-type') ?? '');
  return isText ? new TextChunks(capture.maxChunks) : new Chunks(capture.maxChunks, false);
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

/** A subclass has members of its own: it stays, and reads its body through the copy. */
function readThrough(response: Response, copy: Response): Response {
  for (const key of ['body', 'bodyUsed'] as const) {
    Object.defineProperty(response, key, { get: () => copy[key], configurable: true });
  }
  for (const key of ['arrayBuffer', 'blob', 'bytes', 'clone', 'formData', 'json', 'text'] as const) {
    const read: unknown = (copy as unknown as Record<string, unknown>)[key];
    if (typeof read !== 'function') continue;
    Object.defineProperty(response, key, { value: () => Reflect.apply(read, copy, []), configurable: true });
  }
  return response;
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
