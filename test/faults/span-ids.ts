/** @module The span ids of an OTLP request, read from its bytes by a reader of its own. */

/** How often each span came. Twice means within the last two million: a request is only ever sent again soon. */
export class SpanCount {
  unique = 0;
  duplicates = 0;
  #now = new Set<string>();
  #before = new Set<string>();

  add(id: string): void {
    if (this.#now.has(id) || this.#before.has(id)) {
      this.duplicates += 1;
      return;
    }
    this.unique += 1;
    this.#now.add(id);
    if (this.#now.size < GENERATION) return;
    this.#before = this.#now;
    this.#now = new Set();
  }
}

const GENERATION = 1_000_000;
// opentelemetry-proto: ExportTraceServiceRequest.resource_spans = 1, ResourceSpans.scope_spans = 2,
// ScopeSpans.spans = 2, Span.span_id = 2. Each is of wire type 2.
const PATH = [1, 2, 2, 2];

/** Calls `take` with each span id of a request, as eight characters. @throws Error for what is no request. */
export function readSpanIds(body: Buffer, take: (id: string) => void): void {
  readMessage(body, 0, body.length, 0, take);
}

function readMessage(
  body: Buffer,
  start: number,
  end: number,
  depth: number,
  take: (id: string) => void,
): void {
  let at = start;
  const readVarint = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      if (at >= end) throw new Error('a varint is cut off');
      const byte = body[at++];
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  while (at < end) {
    const tag = readVarint();
    const wire = tag & 7;
    if (wire === 0) readVarint();
    else if (wire === 1) at += 8;
    else if (wire === 5) at += 4;
    else if (wire === 2) {
      const length = readVarint();
      const next = at + length;
      if (next > end) throw new Error('a field is longer than its message');
      if (tag >> 3 === PATH[depth]) {
        if (depth < PATH.length - 1) readMessage(body, at, next, depth + 1, take);
        else take(body.toString('latin1', at, next));
      }
      at = next;
    } else throw new Error(`wire type ${wire}`);
  }
  if (at !== end) throw new Error('a message is cut off');
}
