/**
 * @module The end of a program: what has finished is sent where there is time for it, and what is lost is said. No
 * listener here changes how the program ends, nor its exit code.
 */

import type { TracerProvider } from '../api/tracer-provider.ts';
import type { FlushSignal } from '../config/signals.ts';
import { error as reportError } from '../diagnostics.ts';
import { type HostProcess, hostProcess } from './host.ts';
import { flushOnSignals } from './signal-hooks.ts';

/** How long the end of a program waits for spans that are still here: a second, less what the end itself takes. */
const EXIT_FLUSH_MILLIS = 950;

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
  if (host === undefined) return () => {};
  const sayOnce = lossReport(provider);
  const onBeforeExit = lastFlush(provider, endOpenCalls);
  const onMonitor = (): void => {
    if (endsWithoutExit(host)) sayOnce();
  };
  host.on('beforeExit', onBeforeExit);
  host.on('exit', sayOnce);
  // A monitor, and no `uncaughtException` listener, which would keep the program alive.
  host.on('uncaughtExceptionMonitor', onMonitor);
  const removeSignals = signals.length === 0 ? () => {} : flushOnSignals(host, signals, provider, sayOnce);
  return () => {
    host.removeListener('beforeExit', onBeforeExit);
    host.removeListener('exit', sayOnce);
    host.removeListener('uncaughtExceptionMonitor', onMonitor);
    removeSignals();
  };
}

/** The event loop has run dry: sends what waits, again and again as long as answers come. */
function lastFlush(provider: TracerProvider, endOpenCalls: () => void): () => void {
  let answeredBefore = -1;
  let delegatedBefore = 0;
  return () => {
    endOpenCalls();
    const { waiting, exported, rejected, failed, delegated } = provider.stats();
    const answered = exported + rejected + failed;
    // A flush keeps the process alive and brings this event again; after one that got no answer it was the last. What
    // other processors keep nobody knows: they are asked once for what they were given.
    if ((waiting === 0 || answered === answeredBefore) && delegated === delegatedBefore) return;
    answeredBefore = answered;
    delegatedBefore = delegated;
    // Nothing is on its way any more when this event comes: resource attributes that are not here will not be.
    provider.releaseHeld();
    void provider.flushLast(EXIT_FLUSH_MILLIS);
  };
}

/** Says, the first time it is called, how many spans the program takes with it. */
function lossReport(provider: TracerProvider): () => void {
  let isSaid = false;
  return () => {
    // A loss that still lasts is summed up first.
    if (!isSaid) provider.settings.ledger.close();
    const { waiting, live } = provider.stats();
    if (isSaid || waiting + live === 0) return;
    isSaid = true;
    const unsent = `${waiting} finished spans were not sent when the program ended; await flush() before it does. `;
    const open = `Spans not ended when the program did, and lost: ${live}.`;
    reportError('exit', `${waiting > 0 ? unsent : ''}${live > 0 ? open : ''}`.trim());
  };
}

/** Deno ends with an uncaught error without an `exit` event (2.9); a program that listens for such errors goes on. */
function endsWithoutExit(host: HostProcess): boolean {
  return 'Deno' in globalThis && host.listeners('uncaughtException').length === 0;
}
