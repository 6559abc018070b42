/** Values that are computed only for spans that are kept. */
import type { LeftOut } from '../api/capture-content.ts';
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
 * A value for `inputs` and `outputs` of `enrichSpan`, `captureInput` or `captureOutput` that is expensive to make. `compute` runs once, when the
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

/** Content as it reaches a dialect: text, or a note that it was left out. */
export type CapturedContent = string | LeftOut;

/** Content of an open span: there already, or, for a lazy value, when it is asked for. */
export type PendingContent = CapturedContent | Lazy | undefined;

/** A snapshot: whatever happens to the value later, the text stays. */
export function pendingContent(value: unknown): PendingContent {
  return Lazy.is(value) ? value : contentText(value);
}

/** The text at last. Never throws. */
export function settled(pending: PendingContent): CapturedContent | undefined {
  if (!Lazy.is(pending)) return pending;
  let value: unknown;
  try {
    value = pending.value();
  } catch (error) {
    return contentText(error);
  }
  return Lazy.is(value) ? settled(value) : contentText(value);
}
