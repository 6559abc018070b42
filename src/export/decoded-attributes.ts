/** @module Decoded attribute lists as the plain objects a `ReadableSpan` shows. */

import type { Attributes } from '@opentelemetry/api';
import type { AnyValue, KeyValue } from './otlp-message.ts';

/**
 * A plain object of the attributes. Of a repeated key the last value counts.
 * Integers that no number holds are bigint; an empty value is null.
 */
export function toAttributes(list: readonly KeyValue[]): Attributes {
  return toPlainObject(list) as Attributes;
}

function toPlainObject(list: readonly KeyValue[]): Record<string, unknown> {
  // Not a null-prototype object: deepStrictEqual against a literal, as users' tests do it, would fail.
  const object: Record<string, unknown> = {};
  for (const { key, value } of list) {
    if (key === '__proto__') {
      // Assigning would replace the object's prototype by what a span's author chose.
      Object.defineProperty(object, key, {
        value: toPlainValue(value),
        configurable: true,
        enumerable: true,
        writable: true,
      });
    } else {
      object[key] = toPlainValue(value);
    }
  }
  return object;
}

function toPlainValue(value: AnyValue): unknown {
  switch (value.type) {
    case 'empty':
      return null;
    case 'int': {
      const number = Number(value.value);
      return Number.isSafeInteger(number) || BigInt(number) === value.value ? number : value.value;
    }
    case 'array':
      return value.value.map(toPlainValue);
    case 'kvlist':
      return toPlainObject(value.value);
    default:
      return value.value;
  }
}
