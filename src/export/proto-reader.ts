/** @module A bounded cursor over protobuf wire bytes (protobuf.dev, "Encoding"). */

/** Bytes that are no `ExportTraceServiceRequest`: truncated, damaged, or something else altogether. */
export class OtlpReadError extends Error {
  override readonly name = 'OtlpReadError';
  /** Where in the bytes reading failed, counted from the start of the first chunk. */
  readonly offset: number;

  constructor(offset: number, expected: string, got: string) {
    super(
      `OTLP bytes, offset ${offset}: expected ${expected}, got ${got}; ` +
        'pass all bytes of one ExportTraceServiceRequest, in order and unchanged',
    );
    this.offset = offset;
  }
}

export const WireType = { varint: 0, fixed64: 1, lengthDelimited: 2, fixed32: 5 } as const;
type WireType = (typeof WireType)[keyof typeof WireType];

/**
 * Deepest nesting of messages. An attribute value 64 levels deep (specification: AttributeValueDepthLimit) is
 * 3 × 64 messages when every level is a key-value list, and 6 lie around it. Beyond it the call stack is at risk.
 */
const MAX_MESSAGE_DEPTH = 256;

const HEX_PAIRS: readonly string[] = Array.from({ length: 256 }, (_, byte) =>
  byte.toString(16).padStart(2, '0'),
);

// ignoreBOM keeps a leading U+FEFF, which belongs to the user's string.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads one message. Values it returns are copies: nothing keeps the bytes alive.
 * Every method throws {@link OtlpReadError} on bytes that do not fit, a field of another wire type included.
 */
export class ProtoReader {
  /** Number of the field {@link next} stopped at. */
  field = 0;
  private wireType: number = WireType.varint;
  private low = 0;
  private high = 0;
  private position: number;
  private readonly end: number;
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly depth: number;

  constructor(bytes: Uint8Array, parent?: ProtoReader, start = 0, end = bytes.length) {
    this.bytes = bytes;
    this.view = parent?.view ?? new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.depth = parent === undefined ? 0 : parent.depth + 1;
    this.position = start;
    this.end = end;
  }

  /** Moves to the next field; false at the end of the message. The field must then be read or skipped. */
  next(): boolean {
    if (this.position === this.end) return false;
    const offset = this.position;
    this.readVarint();
    this.field = this.low >>> 3;
    this.wireType = this.low & 7;
    if (this.high !== 0 || this.field === 0) {
      throw new OtlpReadError(
        offset,
        'a field number from 1 to 536870911',
        `${this.high === 0 ? 0 : 'a larger one'}`,
      );
    }
    return true;
  }

  /** Passes over the current field, whatever it is. Groups, which OTLP never had, are refused. */
  skip(): void {
    switch (this.wireType) {
      case WireType.varint:
        this.readVarint();
        return;
      case WireType.fixed64:
        this.advance(8);
        return;
      case WireType.lengthDelimited:
        this.advance(this.readLength());
        return;
      case WireType.fixed32:
        this.advance(4);
        return;
      default:
        throw new OtlpReadError(
          this.position,
          'wire type 0, 1, 2 or 5',
          `${this.wireType} at field ${this.field}`,
        );
    }
  }

  /** A uint32; of a longer varint the low 32 bits count, as the encoding rules say. */
  uint32(): number {
    this.expect(WireType.varint);
    this.readVarint();
    return this.low;
  }

  /** An enumeration number; unknown ones are kept, as proto3 says. */
  enumeration(): number {
    return this.uint32() | 0;
  }

  bool(): boolean {
    this.expect(WireType.varint);
    this.readVarint();
    return this.low !== 0 || this.high !== 0;
  }

  int64(): bigint {
    this.expect(WireType.varint);
    this.readVarint();
    return BigInt.asIntN(64, (BigInt(this.high) << 32n) | BigInt(this.low));
  }

  fixed32(): number {
    this.expect(WireType.fixed32);
    return this.view.getUint32(this.advance(4), true);
  }

  fixed64(): bigint {
    this.expect(WireType.fixed64);
    return this.view.getBigUint64(this.advance(8), true);
  }

  double(): number {
    this.expect(WireType.fixed64);
    return this.view.getFloat64(this.advance(8), true);
  }

  byteString(): Uint8Array {
    return this.content().slice();
  }

  /** A byte string as lowercase hexadecimal. */
  hex(): string {
    let text = '';
    for (const byte of this.content()) text += HEX_PAIRS[byte];
    return text;
  }

  string(): string {
    const content = this.content();
    try {
      return utf8.decode(content);
    } catch {
      const offset = this.position - content.length;
      throw new OtlpReadError(
        offset,
        'valid UTF-8',
        `${content.length} bytes that are not, at field ${this.field}`,
      );
    }
  }

  /** A reader of the message that is the current field. */
  message(): ProtoReader {
    this.expect(WireType.lengthDelimited);
    const length = this.readLength();
    if (this.depth === MAX_MESSAGE_DEPTH) {
      throw new OtlpReadError(
        this.position,
        `messages nested at most ${MAX_MESSAGE_DEPTH} deep`,
        'a deeper one',
      );
    }
    const start = this.advance(length);
    return new ProtoReader(this.bytes, this, start, start + length);
  }

  private content(): Uint8Array {
    this.expect(WireType.lengthDelimited);
    const length = this.readLength();
    const start = this.advance(length);
    return this.bytes.subarray(start, start + length);
  }

  private expect(wireType: WireType): void {
    if (this.wireType === wireType) return;
    throw new OtlpReadError(
      this.position,
      `wire type ${wireType} at field ${this.field}`,
      `${this.wireType}`,
    );
  }

  /** Moves past `length` bytes and returns where they start. */
  private advance(length: number): number {
    const start = this.position;
    if (length > this.end - start) {
      throw new OtlpReadError(
        start,
        `${length} bytes at field ${this.field}`,
        `${this.end - start} to the end`,
      );
    }
    this.position = start + length;
    return start;
  }

  private readLength(): number {
    const offset = this.position;
    this.readVarint();
    if (this.high === 0) return this.low;
    throw new OtlpReadError(offset, `a length below 4 GiB at field ${this.field}`, 'a larger one');
  }

  /** Leaves the value in `low` and `high`: 32 bits each, so that only an int64 costs a bigint. */
  private readVarint(): void {
    const offset = this.position;
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.position === this.end) {
        throw new OtlpReadError(offset, 'a varint', 'the end of its message before the end of the varint');
      }
      const byte = this.bytes[this.position++];
      const bits = byte & 0x7f;
      if (shift < 32) low |= bits << shift;
      if (shift === 28) high = bits >>> 4;
      if (shift > 28) high |= bits << (shift - 32);
      if (byte < 0x80) {
        // The tenth byte holds bit 63 alone.
        if (shift === 63 && byte > 1) break;
        this.low = low >>> 0;
        this.high = high >>> 0;
        return;
      }
    }
    throw new OtlpReadError(offset, 'a varint of at most 64 bits', 'a longer one');
  }
}
