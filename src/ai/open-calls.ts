/** Calls whose results are still being read, so that each ends even when nobody reads on. */
import { onEnd } from '../init.ts';
import type { PartialOutput } from './chunks.ts';
import type { OpenCall } from './open-call.ts';

interface Held {
  readonly call: OpenCall;
  /** What came so far. Does not reach the result itself, which would then never be collected. */
  readonly partial: PartialOutput | null;
}

const open = new Set<Held>();
const collected = new FinalizationRegistry<Held>((held) => end(held));

/**
 * Ends the call, marked as abandoned, when `result` is collected or the SDK shuts down before it ended by itself.
 *
 * @param partial - what comes of it; `null` where nothing is captured, or nothing has come.
 */
export function keepOpen(result: object, call: OpenCall, partial: PartialOutput | null): void {
  if (!call.isOpen) return;
  const held: Held = { call, partial };
  // What is followed now stands for what was followed before: a promise first, then the stream it brought.
  call.onEnd?.();
  open.add(held);
  collected.register(result, held, held);
  call.onEnd = () => {
    open.delete(held);
    collected.unregister(held);
    call.onEnd = null;
  };
}

// Spans that end later than that are lost.
onEnd(() => {
  for (const held of [...open]) end(held);
});

function end({ call, partial }: Held): void {
  call.abandon(partial);
}
