/**
 * Reading of headers nobody sane sends: our propagators beside those of opentelemetry-js, at sizes up to
 * 64 KiB. Not a row of the corpus: there is no span, no engine and nothing on the wire.
 */
import { defaultTextMapGetter, ROOT_CONTEXT, type TextMapPropagator } from '@opentelemetry/api';
import * as upstream from '@opentelemetry/core';
import { do_not_optimize } from 'mitata';
import { inTurn } from './measure.ts';
import { median } from './statistics.ts';

interface Propagators {
  readonly W3CTraceContextPropagator: new () => TextMapPropagator;
  readonly W3CBaggagePropagator: new () => TextMapPropagator;
}

/** Held in a variable, so that neither the type checker nor the bundler needs the build to exist. */
const OTEL_ENTRY = 'spandrel/otel';

const KIBIBYTE = 1_024;
/** 8 KiB are the bound of baggage, 32 KiB that of tracestate. */
const SIZES = [2, 8, 32, 64].map((size) => size * KIBIBYTE);
const ROUNDS = 30;
const ROUND_MILLIS = 10;
const WARM_UP_MILLIS = 100;
/** Four times the header may take eight times as long, at most: twice what linear work takes. */
const MOST_OVER_LINEAR = 2;
/** Below this a ratio shows the clock, not the work. */
const LEAST_NANOS = 2_000;

const TRACEPARENT = '00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01';

type Headers = Record<string, string>;

/** Each header is hostile in the same way; a traceparent has to be right for tracestate to be read at all. */
const SHAPES: Record<string, (size: number) => Headers> = {
  commas: (size) => hostile(',', size),
  spaces: (size) => hostile(' ', size),
  equals: (size) => hostile('=', size),
  'spaces and commas': (size) => hostile(' \t,', size),
  members: (size) => hostile('a=1,', size),
  'members that differ': (size) => {
    const members = Array.from({ length: size / 8 }, (_, index) => `k${String(index).padStart(4, '0')}=v`);
    return withTraceparent(members.join(','));
  },
  'percent signs': (size) => hostile('a=%zz,', size),
  'one long member': (size) => withTraceparent(`a=${'x'.repeat(size - 2)}`),
  'traceparent too': (size) => ({
    ...hostile(',', size),
    traceparent: `cc${TRACEPARENT.slice(2)}-${'-'.repeat(size)}`,
  }),
};

const hostile = (piece: string, size: number): Headers =>
  withTraceparent(piece.repeat(Math.ceil(size / piece.length)).slice(0, size));
const withTraceparent = (value: string): Headers => ({
  traceparent: TRACEPARENT,
  tracestate: value,
  baggage: value,
});

interface Side {
  readonly name: string;
  extract(headers: Headers): void;
}

function sideOf(name: string, { W3CTraceContextPropagator, W3CBaggagePropagator }: Propagators): Side {
  const [traceContext, baggage] = [new W3CTraceContextPropagator(), new W3CBaggagePropagator()];
  return {
    name,
    extract(headers) {
      const context = traceContext.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
      do_not_optimize(baggage.extract(context, headers, defaultTextMapGetter));
    },
  };
}

/** Nanoseconds an extraction, over one round. */
function round(side: Side, headers: Headers, millis: number): number {
  const started = performance.now();
  let count = 0;
  let elapsed = 0;
  do {
    for (let index = 0; index < 10; index++) side.extract(headers);
    count += 10;
    elapsed = performance.now() - started;
  } while (elapsed < millis);
  return (elapsed * 1e6) / count;
}

/** Medians by side; sides take turns, the order reversed every other round. */
function measure(sides: readonly Side[], headers: Headers): Map<Side, number> {
  const rounds = new Map(sides.map((side) => [side, [] as number[]]));
  for (const side of sides) round(side, headers, WARM_UP_MILLIS);
  for (let turn = 0; turn < ROUNDS; turn++) {
    for (const side of inTurn(sides, turn)) rounds.get(side)?.push(round(side, headers, ROUND_MILLIS));
  }
  return new Map([...rounds].map(([side, nanos]) => [side, median(nanos)]));
}

async function main(): Promise<void> {
  // A minute of warnings about headers that were shortened says nothing here.
  process.env.OTEL_LOG_LEVEL = 'none';
  const sides = [sideOf('spandrel', await import(OTEL_ENTRY)), sideOf('upstream', upstream)];
  const [ours] = sides;
  const failures: string[] = [];
  console.log(
    `extract-64k: microseconds an extraction of traceparent, tracestate and baggage, median of ${ROUNDS}`,
  );
  console.log(
    [
      ''.padEnd(20),
      ...SIZES.map((size) => `${size / KIBIBYTE} KiB`.padStart(10)),
      ' x upstream at 64 KiB',
    ].join(' '),
  );
  for (const [shape, headersOf] of Object.entries(SHAPES)) {
    const medians = SIZES.map((size) => measure(sides, headersOf(size)));
    for (const side of sides) {
      const cells = medians.map((at) => ((at.get(side) ?? 0) / 1_000).toFixed(2).padStart(10));
      const ratio =
        side === ours ? (medians.at(-1)?.get(sides[1]) ?? 0) / (medians.at(-1)?.get(ours) ?? 1) : undefined;
      console.log([shape.padEnd(20), ...cells, side.name, ratio?.toFixed(1) ?? ''].join(' '));
    }
    for (let at = 1; at < SIZES.length; at++) {
      const [less, more] = [medians[at - 1].get(ours) ?? 0, medians[at].get(ours) ?? 0];
      const most = MOST_OVER_LINEAR * (SIZES[at] / SIZES[at - 1]);
      if (more > most * Math.max(less, LEAST_NANOS)) {
        failures.push(
          `${shape}: ${less.toFixed(0)} ns at ${SIZES[at - 1]} bytes, ${more.toFixed(0)} ns at ${SIZES[at]}`,
        );
      }
    }
  }
  if (failures.length > 0) {
    throw new Error(`expected time to grow with the header, got ${failures.join('; ')}`);
  }
}

main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
