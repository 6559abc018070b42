/**
 * @module Sends what has finished before a signal ends the program. Opt-in: a listener takes a signal's own effect
 * away, so the signal is raised again afterwards, and the program ends as it would have (143 for SIGTERM).
 */

import type { TracerProvider } from '../api/tracer-provider.ts';
import type { FlushSignal } from '../config/signals.ts';
import { warnOnce } from '../diagnostics.ts';
import type { HostProcess } from './host.ts';

/** How long a signal waits for answers. Container runtimes kill 10 to 30 s after they have asked. */
const SIGNAL_FLUSH_MILLIS = 2000;

/** Marks a listener as one that raises its signal again, for every copy of the package in the process. */
const RAISES_AGAIN = Symbol.for('spandrel.raises-again');

/** Flushes before each of `signals` has its effect; `sayLoss` is called when ours is what lets the program end. */
export function flushOnSignals(
  host: HostProcess,
  signals: readonly FlushSignal[],
  provider: TracerProvider,
  sayLoss: () => void,
): () => void {
  const listeners = new Map<FlushSignal, () => void>();
  /** Signals of which a listener of the program has been taken away in this turn: one for a single signal, just called. */
  const served = new Set<unknown>();
  const onRemoved = (signal: unknown, listener: unknown): void => {
    if (raisesAgain(listener)) return;
    served.add(signal);
    queueMicrotask(() => served.delete(signal));
  };
  let isFlushing = false;
  const removeAll = (): void => {
    host.removeListener('removeListener', onRemoved);
    for (const [signal, listener] of listeners) host.removeListener(signal, listener);
  };
  const raise = (signal: FlushSignal): void => {
    removeAll();
    // The last copy to finish raises it.
    if (host.listeners(signal).some(raisesAgain)) return;
    sayLoss();
    host.kill(host.pid, signal);
  };
  const onSignal = async (signal: FlushSignal): Promise<void> => {
    // Read before the program's listeners run: those for one signal are gone afterwards, and those put before ours already.
    const programDecides = served.has(signal) || hasListenersOfProgram(host, signal);
    if (isFlushing) {
      // Whoever sends a second one does not want to wait.
      if (!programDecides) raise(signal);
      return;
    }
    isFlushing = true;
    // There is no time left for attributes of the resource that are still on their way.
    provider.releaseHeld();
    await provider.flushLast(SIGNAL_FLUSH_MILLIS);
    isFlushing = false;
    // Taken away by a second signal, or by `shutdown()`.
    const isHooked = listeners.has(signal) && host.listeners(signal).includes(listeners.get(signal));
    if (!programDecides && isHooked) raise(signal);
  };
  if (signals.length > 0) host.on('removeListener', onRemoved);
  for (const signal of signals) {
    const listener = Object.assign(() => void onSignal(signal), { [RAISES_AGAIN]: true });
    try {
      // First, see `programDecides`.
      host.prependListener(signal, listener);
      listeners.set(signal, listener);
    } catch {
      warnOnce(`signal-${signal}`, `flushOnSignals: this host does not let ${signal} be listened to.`);
    }
  }
  return removeAll;
}

function raisesAgain(listener: unknown): boolean {
  return (listener as { [RAISES_AGAIN]?: boolean })[RAISES_AGAIN] === true;
}

/** Whether anyone else but us is asked what the signal does. */
function hasListenersOfProgram(host: HostProcess, signal: FlushSignal): boolean {
  const others = host.listeners(signal).filter((listener) => !raisesAgain(listener));
  return others.length > signalExitListeners(host);
}

/**
 * Listeners of the `signal-exit` package, which raise the signal again if they are the only ones: with one of ours they
 * leave it to us. It counts its copies itself (`signal-exit` 3 and 4).
 */
function signalExitListeners(host: HostProcess): number {
  const three = (host as { __signal_exit_emitter__?: { count?: number } }).__signal_exit_emitter__;
  const four = (globalThis as Record<symbol, { count?: number } | undefined>)[
    Symbol.for('signal-exit emitter')
  ];
  return (three?.count ?? 0) + (four?.count ?? 0);
}
