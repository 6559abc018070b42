/** @module Protobuf fields written by hand, to build messages no serializer would produce. */

const utf8 = new TextEncoder();

export function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  return [...bytes, Number(rest)];
}

export function tag(field: number, wireType: number): number[] {
  return varint(BigInt(field * 8 + wireType));
}

export function varintField(field: number, value: bigint | number): number[] {
  return [...tag(field, 0), ...varint(BigInt(value))];
}

/** A length-delimited field: a text, or bytes, or the fields of a nested message. */
export function field(number: number, ...content: (string | number[])[]): number[] {
  const bytes = content.flatMap((part) => (typeof part === 'string' ? [...utf8.encode(part)] : part));
  return [...tag(number, 2), ...varint(BigInt(bytes.length)), ...bytes];
}

export function fixed32Field(number: number, value: number): number[] {
  return [...tag(number, 5), ...new Uint8Array(new Uint32Array([value]).buffer)];
}

export function fixed64Field(number: number, value: bigint): number[] {
  return [...tag(number, 1), ...new Uint8Array(new BigUint64Array([value]).buffer)];
}

/** A KeyValue message as the field of that number, its AnyValue made of `value`. */
export function attributeField(number: number, key: string, ...value: number[][]): number[] {
  return field(number, field(1, key), field(2, ...value));
}

/** A whole ExportTraceServiceRequest around the fields of one span. */
export function requestOfSpan(...spanFields: number[][]): Uint8Array {
  return Uint8Array.from(field(1, field(2, field(2, ...spanFields))));
}
