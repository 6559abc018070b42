/** Values that are computed only for spans that are kept. */
import { contentText } from './content.ts';

/** A value that is not there yet. */
export class Lazy<Value = unknown> {
  readonly #compute: () => Value;

  constructor(compute: () => Value) {
    this.#compute = compute;
  }

  /** Asks the value nothing: `instanceof` would ask a Proxy, which may throw. */
  static is(value: unknown): value is Lazy {
    return typeof value === 'object' && value !== null && #compute in value;
  }

  value(): Value {
    return this.#compute();
  }
}

/**
 * A value for `enrichSpan`, `captureInput` or `captureOutput` that is expensive to make. `compute` runs once, when the
 * span ends; never for a span that is not sampled or about to be dropped, nor where content is off. What it throws
 * becomes the text of the value; what it returns is captured as of that moment.
 *
 * ```ts
 * enrichSpan({ outputs: lazy(() => renderReport(state)) });
 * ```
 */
export function lazy<Value>(compute: () => Value): Lazy<Value> {
  return new Lazy(compute);
}

/** The text of a value, now or, for a lazy one, when it is asked for. */
export type PendingText = string | Lazy | undefined;

/** A snapshot: whatever happens to the value later, the text stays. */
export function pendingText(value: unknown): PendingText {
  return Lazy.is(value) ? value : contentText(value);
}

/** The text at last. Never throws. */
export function settledText(pending: PendingText): string | undefined {
  if (!Lazy.is(pending)) return pending;
  let value: unknown;
  try {
    value = pending.value();
  } catch (error) {
    return contentText(error);
  }
  return Lazy.is(value) ? settledText(value) : contentText(value);
}
