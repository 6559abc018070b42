/**
 * @module A page that is hidden may never be seen again, and no event says later that it has ended (Page Visibility; HTML
 * standard, "pagehide"): what has finished is sent then, in requests that outlive the page where they are small enough.
 */

import type { TracerProvider } from '../api/tracer-provider.ts';

interface Page {
  readonly visibilityState: string;
  addEventListener(event: string, listener: () => void): void;
  removeEventListener(event: string, listener: () => void): void;
}

const PAGE_FLUSH_MILLIS = 5000;

/** Watches the page, where there is one. Returns what takes the listener away again. */
export function flushOnHiddenPage(provider: TracerProvider): () => void {
  const { document } = globalThis as { document?: Page };
  if (typeof document?.addEventListener !== 'function') return () => {};
  const onChange = (): void => {
    if (document.visibilityState !== 'hidden') return;
    // Resource attributes that are not here yet may never be.
    provider.releaseHeld();
    void provider.flush(PAGE_FLUSH_MILLIS);
  };
  document.addEventListener('visibilitychange', onChange);
  return () => document.removeEventListener('visibilitychange', onChange);
}
