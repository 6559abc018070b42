/**
 * What an attribute value is once it was set: a snapshot that nothing outside can change, in the shapes the
 * cell writer knows. OTLP `AnyValue` (common/v1/common.proto).
 */
export type AttributeValue =
  | string
  | number
  | boolean
  | null
  | Int64
  | Uint8Array
  | readonly AttributeValue[]
  | KeyValues;

/** A bigint within int64, as two signed halves. */
export class Int64 {
  readonly low: number;
  readonly high: number;

  constructor(value: bigint) {
    this.low = Number(BigInt.asIntN(32, value));
    this.high = Number(BigInt.asIntN(32, value >> 32n));
  }

  toBigInt(): bigint {
    return (BigInt(this.high) << 32n) | BigInt(this.low >>> 0);
  }
}

/** A map: keys and values side by side, so that no key is ever a property name. */
export class KeyValues {
  readonly keys: string[] = [];
  readonly values: AttributeValue[] = [];
}
