/** @module Spans with captured prompts, in a small arena whose receiver does not answer until it is told to. */
import type { Tracer } from '@opentelemetry/api';
import type { SpanProcessor } from '../../src/api/types.ts';
import type { SendResult } from '../../src/export/exporter.ts';
import type { OtlpSpan } from '../../src/export/otlp-message.ts';
import { processorOf } from './api-modes.ts';
import { CapturingExporter } from './engine-capture.ts';
import { freshSdk, settleable } from './engine-sdk.ts';

export const MEBIBYTE = 1 << 20;
const DELIVERED: SendResult = { kind: 'delivered', rejected: 0 };

export interface Options {
  readonly mode: 'arena' | 'plug-in';
  readonly engine?: 'wasm' | 'ts';
  readonly arenaBytes?: number;
  readonly spanLimits?: object;
}

/** A provider that sends, and gets its answer when `settle` is called; then all that follow are answered at once. */
export async function stuck({ mode, engine, arenaBytes = 4 * MEBIBYTE, spanLimits }: Options) {
  const sdk = await freshSdk();
  const { captureContent } = await import('../../src/api/capture-content.ts');
  const exporter = new CapturingExporter();
  const { promise, settle } = settleable<SendResult>();
  let isSettled = false;
  exporter.answer = () => (isSettled ? DELIVERED : promise);
  const batch = new sdk.BatchSpanProcessor(exporter, { scheduledDelayMillis: 60_000 });
  const spanProcessors: SpanProcessor[] = mode === 'arena' ? [batch] : [processorOf(), batch];
  const provider = new sdk.TracerProvider({ engine, arenaBytes, spanLimits, spanProcessors });
  return {
    provider,
    exporter,
    tracer: provider.getTracer('shedding'),
    captureContent,
    settle: () => {
      isSettled = true;
      settle(DELIVERED);
    },
  };
}

type Capture = (span: ReturnType<Tracer['startSpan']>, key: string, text: string) => void;

/** A chat of about 8 KB, another one for each span. */
export function chat(index: number): string {
  const messages = Array.from({ length: 8 }, (_, turn) => ({
    role: turn % 2 === 0 ? 'user' : 'assistant',
    content: `${index}.${turn} ${'what do bees "say"? '.repeat(45)}`,
  }));
  return JSON.stringify({ model: 'some-model', messages });
}

/** Ends one span with a captured chat, text of its own and an event. */
export function endChatSpan(tracer: Tracer, index: number, capture: Capture): void {
  const span = tracer.startSpan(`chat ${index}`, {
    attributes: { index, note: `note ${index} ${'x'.repeat(100)}` },
  });
  capture(span, 'input.value', chat(index));
  span.addEvent('asked', { why: `because ${'y'.repeat(80)}` });
  span.setStatus({ code: 2, message: `failed ${index}` });
  span.end();
}

/** What became of the chat of a span that arrived. */
export function fateOf(span: OtlpSpan): 'full' | 'shortened' | 'omitted' {
  const values = new Map(
    span.attributes.map(({ key, value }) => [key, value.type === 'empty' ? null : value.value]),
  );
  const text = values.get('input.value');
  const length = values.get('input.value.original_length');
  const whole = chat(Number(values.get('index')));
  if (text === whole && length === undefined) return 'full';
  if (Number(length) !== whole.length)
    throw new Error(`expected length ${whole.length}, got ${String(length)}`);
  if (text === undefined) return 'omitted';
  const short = JSON.parse(String(text));
  if (String(text).length > 1024 || short.model !== 'some-model')
    throw new Error(`no shortened chat: ${String(text)}`);
  return 'shortened';
}
