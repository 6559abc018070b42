/**
 * Stands for `AsyncLocalStorage` where the host has none: a value lasts as long as the call it was given to, and not into
 * what that call awaits. A context manager registered with the API, such as upstream's for zone.js, comes before it.
 */
export class AsyncLocalStorage<Store> {
  private store: Store | undefined;

  getStore(): Store | undefined {
    return this.store;
  }

  run<Args extends unknown[], Result>(store: Store, call: (...args: Args) => Result, ...args: Args): Result {
    const outer = this.store;
    this.store = store;
    try {
      return call(...args);
    } finally {
      this.store = outer;
    }
  }

  enterWith(store: Store): void {
    this.store = store;
  }

  disable(): void {
    this.store = undefined;
  }
}
