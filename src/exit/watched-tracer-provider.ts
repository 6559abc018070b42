/** @module The provider that a program makes itself: its unsent spans are sent, or said, at the end of the program too. */

import type { Tracer } from '../api/tracer.ts';
import { TracerProvider } from '../api/tracer-provider.ts';
import { watchEnd } from './end-watch.ts';

/** The provider of each stream: who can still make spans, and spans that wait, keep the provider from being collected. */
const providers = new WeakMap<object, TracerProvider>();

/**
 * Makes tracers, and holds what their spans share. From its first tracer on, and until it was shut down, the end of the
 * program is watched, whether it is registered or not: at a natural end what has finished is sent, for up to a second, and
 * at any other one line says how many spans are lost.
 */
export class WatchedTracerProvider extends TracerProvider {
  private unwatch: (() => void) | undefined;
  private stopped: Promise<void> | undefined;

  protected override tracerMade({ stream }: Tracer): void {
    providers.set(stream, this);
    if (!this.settings.isShutdown && this.hasDestination) this.unwatch ??= watchEnd(this);
  }

  /** Flushes, then stops: spans that end afterwards are dropped and counted, new ones do not record. */
  override shutdown(timeoutMillis?: number): Promise<void> {
    this.stopped ??= super.shutdown(timeoutMillis).then(() => this.unwatch?.());
    return this.stopped;
  }

  /** Without a processor it has nothing to lose that it could have kept. */
  private get hasDestination(): boolean {
    const { processors, queue } = this.settings;
    return processors !== null || queue.destinations > 0;
  }
}
