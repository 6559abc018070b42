/** @module What tests of the AI layer share: a provider with a recorder behind it, spans as plain objects. */

import { context, propagation, trace } from '@opentelemetry/api';
import { afterEach } from 'vitest';
import type { OtlpSpan } from '../../src/export/otlp-message.ts';
import { flush, type InitOptions, init, shutdown } from '../../src/init.ts';
import { receiveOtlp } from './api-receiver.ts';
import { plainAttributes } from './api-recorder.ts';

export interface PlainSpan extends OtlpSpan {
  /** Its attributes as an object. */
  readonly plain: Record<string, unknown>;
}

export interface AiSpans {
  /** What was received, flushed first. */
  all(): Promise<PlainSpan[]>;
  /** The one of that name. */
  one(name: string): Promise<PlainSpan>;
}

/** Starts tracing into a loopback receiver; ends with the test. */
export async function startTracing(options: InitOptions = {}): Promise<AiSpans> {
  const receiver = await receiveOtlp();
  init({ endpoint: receiver.base, ...options });
  const all = async (): Promise<PlainSpan[]> => {
    await flush();
    return receiver.spans.map((span) => ({ ...span, plain: plainAttributes(span.attributes) }));
  };
  const one = async (name: string): Promise<PlainSpan> => {
    const named = (await all()).filter((span) => span.name === name);
    if (named.length !== 1) throw new Error(`expected one span "${name}", got ${named.length}`);
    return named[0];
  };
  return { all, one };
}

/** To be called once a file: stops tracing after each test, and gives the API back. */
export function stopTracingAfterEach(): void {
  afterEach(async () => {
    await shutdown();
    trace.disable();
    context.disable();
    propagation.disable();
  });
}
