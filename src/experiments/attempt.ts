/** One call of a task or an evaluator: with a time of its own, and an end when the run is stopped. */
import { StoppedError, TimeoutError } from './errors.ts';

/** The signal of one call, made when it is asked for: most functions never do, and it is the dearest part of a call. */
export class CallSignal {
  private controller: AbortController | undefined;
  private reason: Error | undefined;

  get signal(): AbortSignal {
    if (this.controller === undefined) {
      this.controller = new AbortController();
      if (this.reason !== undefined) this.controller.abort(this.reason);
    }
    return this.controller.signal;
  }

  abort(reason: Error): void {
    this.reason = reason;
    this.controller?.abort(reason);
  }
}

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
   * Calls `fn`. Settles as `fn` does, or when time is up or the run is stopped, whether `fn` heeds its signal or not.
   *
   * @throws TimeoutError, StoppedError, or what `fn` throws.
   */
  run<Result>(
    what: string,
    timeoutMs: number | undefined,
    fn: (signal: CallSignal) => Result | PromiseLike<Result>,
  ): Promise<Awaited<Result>> {
    if (this.reason !== undefined) return Promise.reject(this.reason);
    return new Promise((resolve, reject) => {
      const signal = new CallSignal();
      let timer: ReturnType<typeof setTimeout> | undefined;
      const close = (): void => {
        clearTimeout(timer);
        this.stops.delete(stop);
      };
      const stop = (reason: Error): void => {
        close();
        reject(reason);
        signal.abort(reason);
      };
      this.stops.add(stop);
      if (timeoutMs !== undefined)
        timer = setTimeout(
          () => stop(new TimeoutError(`${what} took longer than ${timeoutMs} ms.`)),
          timeoutMs,
        );
      // One promise a call: with contexts carried along, each costs more than the function around it.
      const settle = async (): Promise<void> => {
        try {
          resolve(await fn(signal));
        } catch (error) {
          reject(error);
        }
        close();
      };
      void settle();
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
