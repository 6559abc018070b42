/** What stops a run: the caller's signal, or SIGINT. */

export interface StopListeners {
  /** The run is to end, with what was done. */
  onStop(reason: string): void;
  /** As by Ctrl-C: beside the above. */
  onInterrupt(): void;
}

/**
 * Listens until the returned function is called. The first SIGINT stops the run; at a second one there is no listener of
 * ours left, and it does what it would have done.
 */
export function listenForStop(
  signal: AbortSignal | undefined,
  { onStop, onInterrupt }: StopListeners,
): () => void {
  const abort = (): void => onStop(`the signal was aborted: ${String((signal as AbortSignal).reason)}`);
  const interrupt = (): void => {
    process.removeListener('SIGINT', interrupt);
    process.on('SIGINT', again);
    onInterrupt();
    onStop('the program was interrupted.');
  };
  const again = (): void => {
    process.removeListener('SIGINT', again);
    // Without a listener, the signal ends the process.
    if (process.listenerCount('SIGINT') === 0) process.kill(process.pid, 'SIGINT');
  };
  process.on('SIGINT', interrupt);
  if (signal?.aborted === true) abort();
  else signal?.addEventListener('abort', abort);
  return () => {
    process.removeListener('SIGINT', interrupt);
    process.removeListener('SIGINT', again);
    signal?.removeEventListener('abort', abort);
  };
}
