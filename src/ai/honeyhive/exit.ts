/** @module The end of the program, for REST calls. */

import { error as reportError } from '../../diagnostics.ts';
import { hostProcess } from '../../exit/host.ts';
import type { RestQueue } from './rest-queue.ts';

/** As for spans: a second, less what the end itself takes. */
const EXIT_FLUSH_MILLIS = 950;

/** Sends what waits when the event loop has run dry, again as long as it gets less. Returns what ends that. */
export function lastRestFlush(queue: RestQueue): () => void {
  const host = hostProcess();
  let before = Number.POSITIVE_INFINITY;
  const onBeforeExit = (): void => {
    const { size } = queue;
    if (size === 0 || size >= before) return;
    before = size;
    void queue.flush(EXIT_FLUSH_MILLIS);
  };
  const onExit = (): void => {
    const { size } = queue;
    if (size > 0)
      reportError(
        'honeyhive-exit',
        `HoneyHive: ${size} REST calls were not answered when the program ended.`,
      );
  };
  host?.on('beforeExit', onBeforeExit);
  host?.on('exit', onExit);
  return () => {
    host?.removeListener('beforeExit', onBeforeExit);
    host?.removeListener('exit', onExit);
  };
}
