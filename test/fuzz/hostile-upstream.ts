/** @module What the same hostile values do to opentelemetry-js: for the figures only. */
import { ROOT_CONTEXT, type Span, type SpanOptions } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Figures } from '../faults/row.ts';
import { processorOf } from '../helpers/api-modes.ts';
import { spansByProtobufjs } from '../helpers/engine-protobufjs.ts';
import { hostileText, hostileValue, type World } from './hostile-values.ts';
import { randomOf } from './volume.ts';

const SPANS_A_BATCH = 40;

function callsOf(span: Span, world: World, take: <Value>() => Value): (() => unknown)[] {
  return [
    ...Array.from({ length: 6 }, (_, count) => () => span.setAttribute(`key ${count}`, take())),
    () => span.setAttribute(take(), take()),
    () => span.setAttributes(take()),
    () => span.addEvent(take(), take(), take()),
    () => span.addLink({ context: take(), attributes: take() }),
    () => span.addLinks(take()),
    () => span.setStatus({ code: 2, message: take() }),
    () => span.setStatus(take()),
    () => span.updateName(take()),
    () => span.recordException(take(), take()),
    () => span.setAttribute(hostileText(world.random), hostileText(world.random)),
    () => span.end(take()),
  ];
}

/** Hands over about `values` values, in batches of 80 spans of which every other one is sound. */
export function hostileRunUpstream(values: number): Figures {
  const ended: ReadableSpan[] = [];
  const provider = new BasicTracerProvider({
    spanProcessors: [
      processorOf({ onEnd: (span: unknown) => void ended.push(span as ReadableSpan) }) as never,
    ],
  });
  const tracer = provider.getTracer('hostile');
  const seen = { 'calls that threw': 0, 'batches lost': 0, 'sound spans lost with them': 0, batches: 0 };
  let taken = 0;
  for (let index = 0; taken < values; index += 1) {
    let span: Span | undefined;
    const world: World = {
      random: randomOf(index),
      traceAside: () => tracer.startSpan('aside', {}, ROOT_CONTEXT).end(),
      writeSelf: () => void span?.setAttribute('within', 1).addEvent('within').updateName('within'),
      endSelf: () => span?.end(),
    };
    const take = <Value>(): Value => {
      taken += 1;
      return hostileValue(world, true) as Value;
    };
    const tried = (call: () => unknown): void => {
      try {
        call();
      } catch {
        seen['calls that threw'] += 1;
      }
    };
    const options: SpanOptions = { kind: take(), attributes: take(), startTime: take(), links: take() };
    tried(() => {
      span = tracer.startSpan('hostile', options, ROOT_CONTEXT);
    });
    if (span !== undefined) for (const call of callsOf(span, world, take)) tried(call);
    tracer.startSpan('sound', {}, ROOT_CONTEXT).end();
    if (index % SPANS_A_BATCH !== SPANS_A_BATCH - 1) continue;
    seen.batches += 1;
    try {
      spansByProtobufjs(ProtobufTraceSerializer.serializeRequest(ended as never) as Uint8Array);
    } catch {
      seen['batches lost'] += 1;
      seen['sound spans lost with them'] += ended.filter(({ name }) => name === 'sound').length;
    }
    ended.length = 0;
  }
  return { 'hostile values': taken, ...seen };
}
