/**
 * Tells objects of the platform's own classes. By their tag first: on Node.js the mere name `Response` loads its HTTP client,
 * which costs milliseconds, and a crash where the host refuses WebAssembly (Node.js 20 to 26 with `--jitless`).
 */

function hasTag(value: object, tag: string): boolean {
  return (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === tag;
}

export function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null || !hasTag(value, 'Response')) return false;
  return typeof Response === 'function' && value instanceof Response;
}

export function isReadableStream(value: unknown): value is ReadableStream {
  if (typeof value !== 'object' || value === null || !hasTag(value, 'ReadableStream')) return false;
  return typeof ReadableStream === 'function' && value instanceof ReadableStream;
}
