/** `using span = startSpan(…)`: a span ends with its block (ECMAScript explicit resource management). */

/** Gives a class of spans `[Symbol.dispose]`, where the runtime has that symbol. */
export function makeDisposable(prototype: { end(): void }): void {
  const { dispose } = Symbol as { dispose?: symbol };
  if (dispose === undefined) return;
  Object.defineProperty(prototype, dispose, {
    value(this: { end(): void }) {
      this.end();
    },
    configurable: true,
    writable: true,
  });
}
