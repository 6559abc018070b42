/** @module A provider in each of the two span modes, whose spans are kept as the receiver of their bytes sees them. */
import { SimpleSpanProcessor } from '../../src/api/simple-span-processor.ts';
import { TracerProvider, type TracerProviderOptions } from '../../src/api/tracer-provider.ts';
import type { SpanProcessor } from '../../src/api/types.ts';
import { WireRecorder } from './api-recorder.ts';

export const MODES = ['arena', 'plug-in'] as const;
export type Mode = (typeof MODES)[number];

/** A processor that does nothing but what is given. */
export function processorOf(hooks: Partial<SpanProcessor> = {}): SpanProcessor {
  return { onStart() {}, onEnd() {}, forceFlush: async () => {}, shutdown: async () => {}, ...hooks };
}

/** Delivers each span when it ends; a processor of another make beside ours makes the mode. */
export function recordIn(mode: Mode, options: Omit<TracerProviderOptions, 'spanProcessors'> = {}) {
  const exporter = new WireRecorder();
  const ours = new SimpleSpanProcessor(exporter);
  const provider = new TracerProvider({
    ...options,
    spanProcessors: mode === 'arena' ? [ours] : [processorOf(), ours],
  });
  if (provider.stats().mode !== mode) throw new Error(`expected ${mode} mode, got ${provider.stats().mode}`);
  return { exporter, provider, tracer: provider.getTracer('test') };
}
