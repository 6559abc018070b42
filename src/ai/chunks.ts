/** The pieces of a stream, as they come by. */

/** What came of a result so far. */
export interface PartialOutput {
  /** What is to be captured; `undefined` where nothing came. */
  readonly value: unknown;
}

/** Takes the pieces of a stream as they come by. */
export interface ChunkSink extends PartialOutput {
  push(chunk: unknown): void;
  /** Whether every piece is kept as it is, for an `aggregate` of the user. */
  readonly keepsList: boolean;
}

/** UTF-16 units of text that are kept; one attribute holds no more either. */
const MAX_UNITS = 4_194_304;

/**
 * Keeps what is captured of a stream: its text where all pieces are text, its size where they are bytes, else a list. Of
 * what is over the limits, only how much it was.
 */
export class Chunks implements ChunkSink {
  private text = '';
  private bytes = 0;
  private list: unknown[] | null = null;
  private count = 0;
  /** Pieces that are in `text` or `list`. */
  private kept = 0;
  private readonly limit: number;
  readonly keepsList: boolean;

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
    if (this.list === null && !this.keepsList && this.addToText(chunk)) return;
    this.list ??= this.listSoFar();
    if (this.kept >= this.limit) return;
    this.kept += 1;
    this.list.push(chunk);
  }

  /** Whether the pieces so far, this one included, are all text or all bytes. */
  private addToText(chunk: unknown): boolean {
    if (typeof chunk === 'string') {
      if (this.bytes > 0) return false;
      if (this.kept < this.limit && this.text.length + chunk.length <= MAX_UNITS) {
        this.kept += 1;
        this.text += chunk;
      }
      return true;
    }
    if (this.text !== '' || !ArrayBuffer.isView(chunk)) return false;
    this.bytes += chunk.byteLength;
    return true;
  }

  private listSoFar(): unknown[] {
    if (this.bytes > 0) {
      this.kept = this.count - 1;
      return [`[${this.bytes} bytes]`];
    }
    return this.text === '' ? [] : [this.text];
  }

  /** What came so far; `undefined` before the first piece. */
  get value(): unknown {
    if (this.list !== null) return this.isWhole ? this.list : [...this.list, this.rest];
    if (this.count === 0) return this.keepsList ? [] : undefined;
    if (this.bytes > 0) return `[${this.bytes} bytes]`;
    return this.isWhole ? this.text : `${this.text} ${this.rest}`;
  }

  private get isWhole(): boolean {
    return this.keepsList || this.bytes > 0 || this.kept === this.count;
  }

  private get rest(): string {
    return `[${this.count - this.kept} more]`;
  }
}
