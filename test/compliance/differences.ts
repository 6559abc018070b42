/** Where opentelemetry-js 2.12 and 3.1 behave otherwise, found by reading and running them; see also the notes of the matrix. */
import type { TestReference } from './claims.ts';
import type { Difference } from './matrix.ts';

const differs = (upstream: string, ours: string, tests: readonly TestReference[]): Difference => ({
  upstream,
  ours,
  tests,
});

const EXPORT: readonly Difference[] = [
  differs(
    'A flush of the batch processor starts all batches at once, and the simple processor exports span by span in parallel, against "Export MUST NOT be called concurrently".',
    'One export at a time, in a flush and at shutdown too.',
    [
      'batch-span-processor.test.ts: one request is in flight at a time',
      'exporter-calls.test.ts: the batch processor > never exports while an export is under way',
      'exporter-calls.test.ts: the simple processor > exports in onEnd itself, one span a call, and later ones when the call before has answered',
    ],
  ),
  differs(
    'A burst of more than 2,048 spans in one turn loses the rest.',
    'Bytes bound what waits; 2,048 only if set.',
    [
      'batch-span-processor.test.ts: unset, the queue is bounded by bytes only: 5,000 spans in one tick are all kept',
      'encoded-object-export.test.ts: the batch processor > a burst in one turn loses nothing that the arena can hold',
    ],
  ),
  differs(
    'The export timeout of the batch processor rejects a promise; the request goes on.',
    'The request is aborted, its connection closed, and its spans are tried again.',
    [
      'pipe.test.ts: a destination that gives no final answer > is aborted after the export timeout, and tried again',
      'http-attempt.test.ts: the deadline > an abort ends the attempt at once',
    ],
  ),
  differs(
    'A batch whose retries are used up within the timeout is gone.',
    'Spans leave by an answer, by eviction or by the deadline of shutdown, and are counted.',
    [
      'pipe.test.ts: a destination that gives no final answer > gets the same request again after 1, 2, 4 … 30 s with jitter; nothing is lost',
      'pipe.test.ts: a destination that gives no final answer > after ten minutes away gets all 60,000 spans, having been tried at most 45 times',
    ],
  ),
  differs(
    'The timer of a retry keeps the process alive, and shutdown waits for it.',
    'No pause keeps the process; shutdown cuts it, and keeps its deadline.',
    [
      'process-life.test.ts: in a process of its own > nor does a pause after a refused connection',
      'pipe-flush.test.ts: shutdown > cuts a pause, and its own tries are 1, 2, 4 s apart until the deadline',
      'exit.test.ts: a program that ends by itself > ends within the second of the last flush when the receiver is not there, and says what is lost',
    ],
  ),
  differs(
    'With several processors, `forceFlush` swallows their errors.',
    'Each is named in a warning and costs no other its flush.',
    [
      'plugin-processors.test.ts: a processor that fails > in forceFlush and shutdown, when it %s, ends in time and is said',
    ],
  ),
  differs(
    'No request has a size limit; a batch of large spans may be refused as a whole.',
    'At most 4 MiB unless set, never over 64 MiB; a refused request is halved until one span is the loss.',
    [
      'arena-limits.test.ts: a large span > makes no request larger than 4 MiB out of spans that are small',
      'span-queue.test.ts: a request answered with 413, on the %s engine > is halved until it passes: one span that is too large costs one span',
    ],
  ),
];

const DATA: readonly Difference[] = [
  differs(
    'Text is cut at the length limit by UTF-16 units, so that half of a surrogate pair may stay.',
    'By characters; no half is kept, and what is sent decodes in a strict decoder.',
    [
      'compliance/attributes.test.ts: in %s mode > the length limit counts characters, cuts none in half, and goes into arrays, maps and bytes',
      'encode-sweep.test.ts: lone surrogates on the %s engine > never merge across values, keys and names',
    ],
  ),
  differs(
    'Values that are no strings, numbers, booleans or arrays of one of them are dropped by 2.x; 3.x takes them on spans and links, drops them on events, and needs API 1.10 and Node 22.',
    'All values of "AnyValue" on spans, events and links, from API 1.9 and Node 20 on.',
    [
      'compliance/attributes.test.ts: in %s mode > %s has its own type on the wire',
      'compliance/attributes.test.ts: in %s mode > arrays keep their elements, null among them, and maps their members',
      'conformance/protoc.test.ts: decodes the deepest %s that an event may hold',
    ],
  ),
  differs(
    'Values nest without a limit, until a receiver refuses the request.',
    'As deep as decoders go: 31 maps, 47 arrays.',
    [
      'attributes.test.ts: bounds > objects go 31 deep, as far as decoders go; deeper there is an empty value',
    ],
  ),
  differs(
    'The random flag of W3C Trace Context Level 2 is never set, and lost from a parent.',
    'Set for roots with random ids, handed on in headers, and sent.',
    [
      'compliance/span.test.ts: in %s mode > the trace id of a root is random, and its flags say so, unless a generator of the program made it',
      'tracer.test.ts: parents > only the sampled and the random flag are inherited, the latter out of sight of those who compare',
      'propagation.test.ts: traceparent > only the flags Level 2 defines are sent',
    ],
  ),
  differs('`getTracer` drops the attributes of a scope.', 'They are part of its identity, and sent.', [
    'compliance/tracer-provider.test.ts: in %s mode > a tracer has the name, version, schema URL and attributes it was asked for, on the wire too',
  ]),
  differs('Resource detectors name no schema.', 'The detectors of this package do.', [
    'compliance/resource.test.ts: the %s detector names the schema that its attributes follow, and a merge keeps it',
  ]),
];

const SET_UP: readonly Difference[] = [
  differs(
    'The provider of 2.x reads `OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT` and `OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT`, not the names of the specification; that of 3.x reads no variable.',
    'Both names; that of the specification counts first.',
    ['config-options.test.ts: span limits > the specification’s names beat those of opentelemetry-js 2.x'],
  ),
  differs(
    '`OTEL_SDK_DISABLED` works in NodeSDK only.',
    'In a provider, in `init` and in `spandrel/register`; contexts are still handed on.',
    [
      'tracer-provider.test.ts: the environment > turns tracing off: nothing records, and contexts are still handed on',
      'environment.test.ts: in a program > OTEL_SDK_DISABLED leaves propagation, and OTEL_PROPAGATORS counts',
    ],
  ),
  differs(
    '2.x takes a flush timeout only when the provider is made, 3.x only in the call.',
    'Both, on either API.',
    [
      'tracer-provider.test.ts: flush > ends at its deadline, with what still waits',
      'tracer-provider.test.ts: shutdown > and forceFlush never reject, whatever the exporter does',
    ],
  ),
  differs(
    'A tracer goes on recording after the provider was shut down, into processors that drop its spans.',
    'It records nothing, and hands the context of the parent on.',
    [
      'compliance/tracer-provider.test.ts: in %s mode > shutdown is once: later calls get the same answer, and tracers of before and after make no records',
    ],
  ),
  differs('A `getTracer` without a name says nothing.', 'One warning.', [
    'compliance/tracer-provider.test.ts: in %s mode > a tracer named %j works, has an empty name, and is said',
  ]),
  differs(
    'The W3C propagator accepts some headers that the W3C suite wants refused.',
    'Every vector of the suite, at the requirement it belongs to.',
    [
      'trace-context-vectors.test.ts: traceparent > $name',
      'trace-context-vectors.test.ts: tracestate > $name',
    ],
  ),
  differs(
    'A sampler that throws, or answers with no decision, throws into the program.',
    'It costs the span, and is said.',
    [
      'tracer-sampling.test.ts: samplers > one that throws costs the span, is said, and harms nobody',
      'tracer-sampling.test.ts: samplers > one that answers %s costs the span, and does not throw',
    ],
  ),
  differs(
    'A processor that throws in a hook throws into the program, and one whose hook rejects ends it.',
    'It is named in a warning, and costs no other processor its spans.',
    [
      'plugin-processors.test.ts: a processor that fails > in %s costs no other its spans',
      'plugin-processors.test.ts: a processor that fails > in an async %s leaves no unhandled rejection',
    ],
  ),
];

export const DIFFERENCES: readonly Difference[] = [...EXPORT, ...DATA, ...SET_UP];
