/** The pieces of a stream, as they come by. */

/** Takes the pieces of a stream as they come by. */
export interface ChunkSink {
  push(chunk: unknown): void;
  /** What is to be captured of what came so far; `undefined` before the first piece. */
  readonly value: unknown;
}

/** Keeps what is captured of a stream: its text where all pieces are text, its size where they are bytes, else a list. */
export class Chunks implements ChunkSink {
  private text = '';
  private bytes = 0;
  private list: unknown[] | null = null;
  private count = 0;
  private readonly limit: number;
  private readonly keepsList: boolean;

  /**
   * @param limit - pieces kept; of further ones only their number is known.
   * @param keepsList - whether every piece is wanted as it is, for an `aggregate` of the user.
   */
  constructor(limit: number, keepsList: boolean) {
    this.limit = limit;
    this.keepsList = keepsList;
  }

  push(chunk: unknown): void {
    this.count += 1;
    if (this.list !== null) {
      if (this.list.length < this.limit) this.list.push(chunk);
    } else if (typeof chunk === 'string' && !this.keepsList && this.bytes === 0) {
      if (this.count <= this.limit) this.text += chunk;
    } else if (ArrayBuffer.isView(chunk) && !this.keepsList && this.text === '') {
      this.bytes += chunk.byteLength;
    } else {
      this.list = this.text === '' ? [chunk] : [this.text, chunk];
    }
  }

  /** What came so far; `undefined` before the first piece. */
  get value(): unknown {
    if (this.count === 0) return this.keepsList ? [] : undefined;
    if (this.list !== null) {
      const left = this.count - this.list.length;
      return this.keepsList || left === 0 ? this.list : [...this.list, `[${left} more]`];
    }
    return this.bytes > 0 ? `[${this.bytes} bytes]` : this.text;
  }
}
