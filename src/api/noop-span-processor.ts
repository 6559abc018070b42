/** A span processor that does nothing, under upstream's name. A provider is the same without it. */
import { declareOwn } from '../export/own-class.ts';
import type { SpanProcessor } from './types.ts';

export class NoopSpanProcessor implements SpanProcessor {
  onStart(): void {}

  onEnd(): void {}

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}
}

declareOwn(NoopSpanProcessor, 'onStart', 'onEnding', 'onEnd');
