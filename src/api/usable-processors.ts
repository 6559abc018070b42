/** Which of the span processors that a program gives can be called. */
import { warnOnce } from '../diagnostics.ts';
import { isOwn } from '../export/own-class.ts';
import { describe } from './attributes.ts';
import { NoopSpanProcessor } from './noop-span-processor.ts';
import type { SpanProcessor } from './types.ts';

/** The processors that can be called; what is none is said, once. */
export function usableProcessors(given: readonly SpanProcessor[] | undefined): SpanProcessor[] {
  if (given === undefined || given === null) return [];
  if (!Array.isArray(given)) {
    warnOnce('span-processors', `spanProcessors: expected an array, got ${describe(given)}; it is ignored.`);
    return [];
  }
  return given.filter((processor) => {
    try {
      // Exactly ours: it would only put the provider in plug-in mode.
      if (processor instanceof NoopSpanProcessor && isOwn(processor)) return false;
      if (typeof processor?.onStart === 'function' && typeof processor.onEnd === 'function') return true;
    } catch {
      // A Proxy that refuses to be read.
    }
    warnOnce(
      'span-processor',
      `spanProcessors: expected objects with onStart and onEnd, got ${describe(processor)}; it gets no spans.`,
    );
    return false;
  });
}
