/** `using span = startSpan(…)`: a span ends with its block (ECMAScript explicit resource management). */

/** Gives a span, or a class of spans, `[Symbol.dispose]`, where the runtime has that symbol and the span has none. */
export function makeDisposable(target: { end(): void }): void {
  const { dispose } = Symbol as { dispose?: symbol };
  if (dispose === undefined || dispose in target) return;
  Reflect.defineProperty(target, dispose, {
    value(this: { end(): void }) {
      this.end();
    },
    configurable: true,
    writable: true,
  });
}
