import { ROOT_CONTEXT, type Span, type Tracer, trace } from '@opentelemetry/api';
import { do_not_optimize } from 'mitata';
import type { Sdk } from './sdk.ts';
import type { Stopwatch } from './stopwatch.ts';
import {
  BATCH_SPANS,
  CONSTANT_ATTRIBUTES,
  CONSTANT_VALUES,
  cjkValues,
  emojiValues,
  KEYS,
  longTexts,
  uniqueValues,
} from './values.ts';

interface NamedCase {
  /** Unique; what `--case` matches and what the table prints. */
  readonly name: string;
  /** What is inside the clock, in one line. */
  readonly what: string;
}

/** One batch of `BATCH_SPANS` spans, part or all of it under the stopwatch. */
export interface BatchCase extends NamedCase {
  readonly kind: 'batch';
  readonly recording: boolean;
  /** Runs one batch, clocking what `what` says; returns the bytes the batch became. */
  run(sdk: Sdk, watch: Stopwatch): number;
}

/** One export of `BATCH_SPANS` spans over HTTP; the clock is the longest stretch without an event-loop turn. */
export interface ExportCase extends NamedCase {
  readonly kind: 'export';
  /** Ends one batch of spans, outside the clock. */
  fill(tracer: Tracer): void;
}

export type BenchCase = BatchCase | ExportCase;

const SPAN_NAME = 'chat completion';

/**
 * Live spans held at once by the rows that clock one stage alone: enough that two clock readings (about 90 ns)
 * cost 1.4 ns a span, few enough to resemble a server's open requests.
 */
const LIVE_SPANS = 64;

type Body = (tracer: Tracer, index: number) => void;

/** Start to bytes ready to send, all of it clocked. */
function wholeLife(name: string, what: string, body: Body): BatchCase {
  return {
    kind: 'batch',
    name,
    what: `start to bytes ready to send: ${what}`,
    recording: true,
    run(sdk, watch) {
      const { tracer } = sdk;
      watch.start();
      for (let index = 0; index < BATCH_SPANS; index++) body(tracer, index);
      const bytes = sdk.drain();
      watch.stop();
      return bytes;
    },
  };
}

function recordTen(tracer: Tracer, values: readonly string[], from: number): Span {
  const span = tracer.startSpan(SPAN_NAME);
  for (let index = 0; index < KEYS.length; index++) span.setAttribute(KEYS[index], values[from + index]);
  return span;
}

/** Clocks one stage of groups of live spans; the other stage and the drain run outside the clock. */
function stage(name: 'record' | 'end', what: string): BatchCase {
  const live: Span[] = new Array(LIVE_SPANS);
  return {
    kind: 'batch',
    name,
    what,
    recording: true,
    run(sdk, watch) {
      for (let done = 0; done < BATCH_SPANS; done += LIVE_SPANS) {
        if (name === 'record') watch.start();
        for (let index = 0; index < LIVE_SPANS; index++)
          live[index] = recordTen(sdk.tracer, CONSTANT_VALUES, 0);
        if (name === 'record') watch.stop();
        if (name === 'end') watch.start();
        for (let index = 0; index < LIVE_SPANS; index++) live[index].end();
        if (name === 'end') watch.stop();
      }
      return sdk.drain();
    },
  };
}

function drainAlone(): BatchCase {
  return {
    kind: 'batch',
    name: 'drain',
    what: `${BATCH_SPANS} ended spans of ten constant attributes to bytes ready to send, nothing else`,
    recording: true,
    run(sdk, watch) {
      for (let index = 0; index < BATCH_SPANS; index++) recordTen(sdk.tracer, CONSTANT_VALUES, 0).end();
      watch.start();
      const bytes = sdk.drain();
      watch.stop();
      return bytes;
    },
  };
}

function pooledValues(name: string, what: string, build: () => string[]): BatchCase {
  const values = lazily(build);
  return wholeLife(name, what, (tracer, index) => {
    recordTen(tracer, values(), index * KEYS.length).end();
  });
}

/** Built on first use, so that a process that runs one case holds the values of that case only. */
function lazily(build: () => string[]): () => readonly string[] {
  let built: readonly string[] | undefined;
  return () => {
    built ??= build();
    return built;
  };
}

function mixedBody(tracer: Tracer, index: number): void {
  const span = tracer.startSpan(SPAN_NAME);
  for (let constant = 0; constant < 5; constant++) {
    span.setAttribute(KEYS[constant], CONSTANT_VALUES[constant]);
  }
  span.setAttribute('gen_ai.usage.input_tokens', 1_000 + index);
  span.setAttribute('gen_ai.usage.output_tokens', index);
  span.setAttribute('gen_ai.request.temperature', 0.7);
  span.setAttribute('gen_ai.request.stream', true);
  span.setAttribute('http.request.id', `request-${index}-of-batch`);
  span.end();
}

function nestedBody(tracer: Tracer, index: number): void {
  if (index % 4 !== 0) return;
  const parent = tracer.startSpan('agent turn');
  const context = trace.setSpan(ROOT_CONTEXT, parent);
  for (let child = 0; child < 3; child++) {
    const span = tracer.startSpan(SPAN_NAME, undefined, context);
    span.setAttribute(KEYS[0], CONSTANT_VALUES[0]);
    span.end();
  }
  parent.end();
}

function nonRecording(): BatchCase {
  return {
    kind: 'batch',
    name: 'non-recording',
    what: 'startSpan, one setAttribute, isRecording and end of a span that the sampler refused',
    recording: false,
    run(sdk, watch) {
      const { tracer } = sdk;
      let recording = false;
      watch.start();
      for (let index = 0; index < BATCH_SPANS; index++) {
        const span = tracer.startSpan(SPAN_NAME);
        span.setAttribute(KEYS[0], CONSTANT_VALUES[0]);
        recording = span.isRecording() || recording;
        span.end();
      }
      watch.stop();
      do_not_optimize(recording);
      return sdk.drain();
    },
  };
}

const texts = lazily(longTexts);

function recordLongText(tracer: Tracer, index: number): void {
  const span = tracer.startSpan(SPAN_NAME);
  span.setAttribute('gen_ai.input.messages', texts()[index % 64]);
  span.end();
}

function exported(name: string, what: string, body: Body): ExportCase {
  return {
    kind: 'export',
    name,
    what: `longest main-thread block of one export of ${BATCH_SPANS} spans over HTTP: ${what}`,
    fill(tracer) {
      for (let index = 0; index < BATCH_SPANS; index++) body(tracer, index);
    },
  };
}

export const corpus: readonly BenchCase[] = [
  stage(
    'record',
    `startSpan and ten setAttribute with constant strings, ${LIVE_SPANS} spans live, not ended`,
  ),
  stage('end', `end() alone of spans with ten constant attributes, ${LIVE_SPANS} live`),
  drainAlone(),
  wholeLife('bare', 'no attribute', (tracer) => tracer.startSpan(SPAN_NAME).end()),
  wholeLife('constant-10', 'ten setAttribute, constant strings', (tracer) => {
    recordTen(tracer, CONSTANT_VALUES, 0).end();
  }),
  pooledValues('unique-10', 'ten setAttribute, every value another string of 20 characters', uniqueValues),
  wholeLife(
    'mixed-10',
    'five constant strings, two integers, a double, a boolean, one string built',
    mixedBody,
  ),
  pooledValues('cjk-10', 'ten setAttribute, every value another 20 ideographs', cjkValues),
  pooledValues('emoji-10', 'ten setAttribute, every value another 10 emoji', emojiValues),
  wholeLife('set-attributes-10', 'one setAttributes with ten constant strings', (tracer) => {
    tracer.startSpan(SPAN_NAME).setAttributes(CONSTANT_ATTRIBUTES).end();
  }),
  wholeLife('start-options-10', 'ten constant strings in the startSpan options', (tracer) => {
    tracer.startSpan(SPAN_NAME, { attributes: CONSTANT_ATTRIBUTES }).end();
  }),
  wholeLife(
    'nested',
    'a parent and three children of one attribute, explicit contexts; per span',
    nestedBody,
  ),
  wholeLife('text-12k', 'one attribute of 12 KiB ASCII text', recordLongText),
  nonRecording(),
  exported('export-small', 'ten constant attributes', (tracer) => {
    recordTen(tracer, CONSTANT_VALUES, 0).end();
  }),
  exported('export-12k', 'one attribute of 12 KiB ASCII text', recordLongText),
];

/** The case of that exact name; throws if there is none. */
export function caseNamed(name: string): BenchCase {
  const found = corpus.find((candidate) => candidate.name === name);
  if (found) return found;
  throw new Error(
    `expected the name of a bench case, got "${name}"; known: ${corpus.map((c) => c.name).join(', ')}`,
  );
}
