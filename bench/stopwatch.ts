/** Adds up the stretches between `start()` and `stop()`, in milliseconds. */
export class Stopwatch {
  elapsed = 0;
  private startedAt = 0;

  start(): void {
    this.startedAt = performance.now();
  }

  stop(): void {
    this.elapsed += performance.now() - this.startedAt;
  }
}
