/**
 * @module The end of a program: what has finished is sent where there is time for it, and what is lost is said. No
 * listener here changes how the program ends, nor its exit code.
 */

import type { TracerProvider } from '../api/tracer-provider.ts';
import type { FlushSignal } from '../config/signals.ts';
import { sayLoss, watchEnd } from './end-watch.ts';
import { hostProcess } from './host.ts';
import { flushOnSignals } from './signal-hooks.ts';

/**
 * Watches the end of the program for a provider. Returns what takes every listener away again.
 *
 * @param endOpenCalls - ends spans whose results nobody will read any more; must not throw.
 */
export function installExitHooks(
  provider: TracerProvider,
  signals: readonly FlushSignal[],
  endOpenCalls: () => void = () => {},
): () => void {
  const host = hostProcess();
  const unwatch = watchEnd(provider, endOpenCalls);
  const removeSignals =
    host === undefined || signals.length === 0 ? () => {} : flushOnSignals(host, signals, provider, sayLoss);
  return () => {
    unwatch();
    removeSignals();
  };
}
