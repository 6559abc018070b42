/** @module Has a serverless platform wait, after a response, until the spans of its request were answered for. */

import type { TracerProvider } from '../api/tracer-provider.ts';
import { warnOnce } from '../diagnostics.ts';
import { detectPlatform, type PlatformRequest } from './platform.ts';

/** How long one request is held up when no answer comes: about one attempt. The platform bills for it. */
const REQUEST_FLUSH_MILLIS = 10_000;

/** Where a platform is found, flushes after each request. Elsewhere nothing is installed, and spans cost what they did. */
export function flushAfterRequests(provider: TracerProvider): void {
  const currentRequest = detectPlatform();
  if (currentRequest === undefined) return;
  const flushes = new RequestFlushes(provider, currentRequest);
  // After `end()`, and in its context: the platform's own code must not find a span that is about to end.
  provider.watchRoots(() => queueMicrotask(() => flushes.flushAfterThis()));
}

class RequestFlushes {
  private readonly provider: TracerProvider;
  private readonly currentRequest: () => PlatformRequest | undefined;
  /** Requests whose platform waits, and whether more has ended since its flush began. */
  private readonly pending = new WeakMap<object, { isStale: boolean }>();

  constructor(provider: TracerProvider, currentRequest: () => PlatformRequest | undefined) {
    this.provider = provider;
    this.currentRequest = currentRequest;
  }

  /** Registers one promise for the request under way, however many of its spans end before it is kept. */
  flushAfterThis(): void {
    try {
      const request = this.currentRequest();
      if (request === undefined) return;
      const key = this.identityOf(request);
      const pending = this.pending.get(key);
      if (pending !== undefined) {
        pending.isStale = true;
        return;
      }
      request.waitUntil?.(this.flush(key));
    } catch {
      // Its text is the platform's, and may quote anything.
      warnOnce('wait-until', 'the platform refused waitUntil: spans may be late or lost. Await flush().');
    }
  }

  /** Some platforms make the object anew for each look, around the function of the request. */
  private identityOf(request: PlatformRequest): object {
    return this.currentRequest() === request ? request : (request.waitUntil ?? request);
  }

  private async flush(key: object): Promise<void> {
    const state = { isStale: true };
    this.pending.set(key, state);
    while (state.isStale) {
      state.isStale = false;
      await this.provider.flushLast(REQUEST_FLUSH_MILLIS);
    }
    this.pending.delete(key);
  }
}
