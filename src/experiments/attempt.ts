/** One call of a task or an evaluator: with a time of its own, and an end when the run is stopped. */
import { StoppedError, TimeoutError } from './errors.ts';

/** The calls under way, to be stopped together. A listener on the signal of the run for each would cost more than the call. */
export class OpenAttempts {
  private readonly stops = new Set<(reason: Error) => void>();
  private reason: Error | undefined;

  get isStopped(): boolean {
    return this.reason !== undefined;
  }

  /** Ends all of them, and every later one at once. */
  stop(reason: string): void {
    this.reason ??= new StoppedError(reason);
    for (const stop of this.stops) stop(this.reason);
  }

  /**
   * Calls `fn` with a signal. Settles as `fn` does, or when time is up or the run is stopped, whether `fn` heeds its
   * signal or not.
   *
   * @throws TimeoutError, StoppedError, or what `fn` throws.
   */
  run<Result>(
    what: string,
    timeoutMs: number | undefined,
    fn: (signal: AbortSignal) => Result | PromiseLike<Result>,
  ): Promise<Awaited<Result>> {
    if (this.reason !== undefined) return Promise.reject(this.reason);
    return new Promise((resolve, reject) => {
      const controller = new AbortController();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const close = (): void => {
        clearTimeout(timer);
        this.stops.delete(stop);
      };
      const stop = (reason: Error): void => {
        close();
        reject(reason);
        controller.abort(reason);
      };
      this.stops.add(stop);
      if (timeoutMs !== undefined)
        timer = setTimeout(
          () => stop(new TimeoutError(`${what} took longer than ${timeoutMs} ms.`)),
          timeoutMs,
        );
      const settle = async (): Promise<Awaited<Result>> => await fn(controller.signal);
      settle().then(resolve, reject).finally(close);
    });
  }

  /** Waits, or ends early when the run is stopped. */
  wait(millis: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.stops.delete(end);
        resolve();
      };
      const timer = setTimeout(end, millis);
      if (this.isStopped) end();
      else this.stops.add(end);
    });
  }
}
