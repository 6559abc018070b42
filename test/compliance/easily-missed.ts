/** Rules of the specification that no row of the matrix asks for, and that are easy to miss. */
import { type Claim, no, yes } from './claims.ts';
import type { Rule } from './matrix.ts';

/** `source`: the page, its section and the key word. */
const rule = (source: string, text: string, claim: Claim): Rule => ({ source, rule: text, ...claim });

const SDK: readonly Rule[] = [
  rule(
    'trace/sdk.md, "SDK Span creation", MUST',
    'A span is made as if in this order: trace id, sampler, span id',
    yes(
      ['tracer-sampling.test.ts: id generators > make the trace id first and the span id last, with %s'],
      'opentelemetry-js asks a generator for the span id, then for the trace id, then the sampler.',
    ),
  ),
  rule(
    'trace/sdk.md, "SDK Span creation", MUST',
    'The span id is new whatever the sampling decision',
    yes([
      'non-recording-span.test.ts: has one context for ever: the trace and state of its parent, a span id of its own, not sampled',
      'tracer-sampling.test.ts: samplers > may replace the trace state of a span that does not record',
    ]),
  ),
  rule(
    'trace/sdk.md, "Sampling", MUST NOT',
    'No span is sampled and does not record; one that only records reaches processors and no exporter',
    yes([
      'compliance/processors.test.ts: in %s mode > a span that only records reaches no exporter, and a sampled one always records',
      'plugin-span.test.ts: its place in the trace > a span that is only recorded reaches processors and no exporter',
      'exporter-calls.test.ts: the simple processor > a span that is not sampled is not exported',
    ]),
  ),
  rule(
    'trace/sdk.md, "Simple processor", "Batching processor", MUST',
    'Export is never called concurrently by one processor, not even by a flush',
    yes(
      [
        'batch-span-processor.test.ts: one request is in flight at a time',
        'exporter-calls.test.ts: the batch processor > never exports while an export is under way',
        'simple-span-processor.test.ts: on the %s engine > while one export is under way, the next spans wait and leave together',
        'exporter-calls.test.ts: the simple processor > exports in onEnd itself, one span a call, and later ones when the call before has answered',
      ],
      'After an export of span objects that did not answer within the export timeout, the next begins: nobody can tell whether its answer will come.',
    ),
  ),
  rule(
    'trace/sdk.md, "Batching processor"',
    'Its defaults are 5,000 ms, 30,000 ms, a queue of 2,048 and batches of 512 spans',
    no(
      'The two times are. What waits is bounded by the bytes of the arena and a request by its bytes, unless a number of spans is set, which is obeyed exactly; exporters that take objects get batches of 512.',
      [
        'config-options.test.ts: batch > defaults, options and variables',
        'batch-span-processor.test.ts: unset, the queue is bounded by bytes only: 5,000 spans in one tick are all kept',
        'batch-span-processor.test.ts: on the %s engine > a queue of the size set keeps exactly that many and counts the rest, those in flight included',
        'exporter-calls.test.ts: the batch processor > takes 512 a batch, and keeps about arenaBytes of spans unless told otherwise; the rest is counted and said',
      ],
    ),
  ),
  rule(
    'trace/sdk.md, "OnEnding", MUST',
    'In OnEnding the end time is set and the span may be written to; every OnEnding comes before any OnEnd',
    yes([
      'plugin-span.test.ts: what a processor may do > write in onEnding, after the end time is set; every onEnding comes before any onEnd',
    ]),
  ),
  rule(
    'trace/sdk.md, "Span processor"',
    'Processors are called in the order of registration, for recording spans only',
    yes([
      'compliance/processors.test.ts: processors are called in the order of registration, for spans that record only',
    ]),
  ),
  rule(
    'trace/sdk.md, "OnStart", MUST and SHOULD',
    'OnStart gets the span itself, which may be kept and shows what happens later',
    yes([
      'compliance/processors.test.ts: onStart gets the span that the program gets, with name, attributes and links, and may write to it',
      'plugin-span.test.ts: what a processor may do > keep one identity from onStart to long after onEnd, with symbols and other members',
    ]),
  ),
  rule(
    'trace/sdk.md, "Shutdown()" of a processor, MUST',
    'Shutdown includes ForceFlush',
    yes([
      'compliance/processors.test.ts: in %s mode > shutdown exports what waits before it closes the exporter',
      'compliance/processors.test.ts: an exporter of another make gets what waits at shutdown, is flushed and shut down once, and gets no more',
    ]),
  ),
  rule(
    'trace/sdk.md, "ForceFlush()" of a processor, MUST',
    'A flush keeps its timeout rather than finish its exports',
    yes([
      'pipe-flush.test.ts: flush > ends at its deadline and says what still waits',
      'tracer-provider.test.ts: flush > ends at its deadline, with what still waits',
      'plugin-processors.test.ts: a processor that fails > in forceFlush and shutdown, when it %s, ends in time and is said',
    ]),
  ),
  rule(
    'trace/sdk.md, "Span Limits", SHOULD and MUST',
    'What a span loses to its limits is logged, at most once a span',
    yes(['compliance/attributes.test.ts: in %s mode > what a span lost to its limits is said in one line']),
  ),
  rule(
    'trace/sdk.md, "Shutdown" of a provider, SHOULD',
    'A tracer got after shutdown does nothing, and hands the context of its parent on',
    yes([
      'compliance/tracer-provider.test.ts: in %s mode > shutdown is once: later calls get the same answer, and tracers of before and after make no records',
    ]),
  ),
  rule(
    'trace/sdk.md, "Built-in samplers", MUST',
    'Built-in samplers describe themselves in the words given',
    yes([
      'sampler.test.ts: descriptions are those of the specification',
      'composable-sampler.test.ts: descriptions are those of opentelemetry-js',
    ]),
  ),
  rule(
    'trace/sdk.md, "TraceIdRatioBased", SHOULD',
    'A trace id ratio that decides about a child warns',
    yes([
      'sampler.test.ts: trace id ratio > asked about a child decides by its trace id too, and warns once',
    ]),
  ),
  rule(
    'trace/sdk.md, "Explicit randomness", MUST NOT',
    'Explicit randomness in a trace state is not overwritten',
    yes([
      'composite-sampler.test.ts: the trace state > is what the intent makes of it, but for the entry ot',
      'tracer-sampling.test.ts: composite samplers > decide by explicit randomness, and hand it on, sampled or not',
    ]),
  ),
  rule(
    'trace/sdk.md, "Export(batch)", MUST NOT',
    'An export does not last for ever: it fails at an upper limit',
    yes([
      'http-attempt.test.ts: the deadline > ends an attempt that gets no answer, and closes its connection',
      'http-attempt.test.ts: the deadline > is total: an answer that trickles does not extend it, and its 200 counts',
      'exporter-calls.test.ts: an exporter that fails loses its batch and nothing else > %s',
    ]),
  ),
  rule(
    'trace/sdk.md, "Shutdown()" of an exporter',
    'An export after shutdown fails',
    yes([
      'otlp-http.test.ts: a fault of the configuration > nothing is sent after close',
      'in-memory-span-exporter.test.ts: shutdown > forgets the spans and refuses later ones, as objects and as bytes, saying why',
    ]),
  ),
  rule(
    'trace/sdk.md, "Additional Span Interfaces", MUST',
    'A readable span shows the full context of its parent',
    yes(
      [
        'plugin-span.test.ts: its place in the trace > parents, kinds, trace state and the context that onStart gets',
        'span-end.test.ts: reading a live span > a span without a parent has no parent context; a remote one is marked',
      ],
      'What our exporters decode from bytes lacks the trace state of the parent, which OTLP does not carry.',
    ),
  ),
  rule(
    'trace/api.md, "Get a Tracer", MUST and SHOULD',
    'A tracer without a name works and is logged',
    yes([
      'compliance/tracer-provider.test.ts: in %s mode > a tracer named %j works, has an empty name, and is said',
    ]),
  ),
  rule(
    'trace/api.md, "Link", SHOULD',
    'A link with an invalid context is recorded if it has attributes or a trace state',
    yes(['span.test.ts: on the %s engine > a link to ids of zeros with %s']),
  ),
  rule(
    'common/README.md, "Attribute Limits", MUST',
    'The length limit counts characters, and applies within arrays, maps and bytes; the count limit to no nested member',
    yes([
      'compliance/attributes.test.ts: in %s mode > the length limit counts characters, cuts none in half, and goes into arrays, maps and bytes',
      'compliance/attributes.test.ts: in %s mode > the count limit lets known keys change, counts the rest, and counts no nested member',
    ]),
  ),
  rule(
    'common/README.md, "Attribute Limits"',
    'Values nest 64 deep',
    no(
      '31 maps or 47 arrays: protobuf decoders refuse a whole request over 100 nested messages, and a map level is three. Deeper there is an empty value.',
      [
        'attributes.test.ts: bounds > objects go 31 deep, as far as decoders go; deeper there is an empty value',
        'conformance/protoc.test.ts: decodes the deepest %s that an event may hold',
      ],
    ),
  ),
  rule(
    'common/README.md, "Exempt Entities", SHOULD',
    'Resource attributes know no span limit',
    yes([
      'compliance/resource.test.ts: in %s mode > resource and scope travel with their schema URLs, the resource beyond any span limit',
    ]),
  ),
  rule(
    'common/README.md, "Attribute Collections", MUST',
    'Each key is exported once',
    yes([
      'compliance/attributes.test.ts: in %s mode > a key is not empty, keeps its case, and is there once, with its last value',
      'attribute-list.test.ts: on the %s engine > the last value of a key is on the wire, once, in the order of first writes; excess is counted',
    ]),
  ),
  rule(
    'configuration/sdk-environment-variables.md, MUST',
    'An empty variable is an unset one; a boolean is true by `true` alone, in any case',
    yes([
      'environment.test.ts: $option > has its default without variables, and with empty ones',
      'config-options.test.ts: activation > OTEL_SDK_DISABLED=%j',
    ]),
  ),
  rule(
    'configuration/sdk-environment-variables.md, MUST and SHOULD',
    'A number that cannot be read is a warning and counts as unset',
    yes(['environment.test.ts: $option > names a variable that cannot be read, and skips it']),
  ),
];

const OTLP: readonly Rule[] = [
  rule(
    'protocol/exporter.md, "Endpoint", MUST',
    'The general endpoint gets `v1/traces` appended; that for traces is used as it is, with `/` where it has no path; the default is `http://localhost:4318`',
    yes([
      'otlp-trace-exporter.test.ts: the endpoint > of %j and %j is %s',
      'init.test.ts: precedence > the variable of the signal is used as it is, and beats the general one',
    ]),
  ),
  rule(
    'protocol/exporter.md, "Specify Protocol", SHOULD',
    'The default protocol is `http/protobuf`, sent as `application/x-protobuf`',
    yes([
      'otlp-http.test.ts: a request > is one POST with the bytes in order, their length, and the headers OTLP asks for',
      'environment.test.ts: $option > has its default without variables, and with empty ones',
    ]),
  ),
  rule(
    'protocol/exporter.md, "Specifying headers", MUST',
    'Headers are a list in the form of W3C baggage',
    yes([
      'config.test.ts: lists of pairs > headers: W3C baggage form, with the equals signs of base64',
      'config.test.ts: lists of pairs > headers: %s is a fault that does not show the value',
    ]),
  ),
  rule(
    'protocol/exporter.md, MUST',
    'Certificate, client key and client certificate may be files',
    yes([
      'tls-files.test.ts: TLS > a server that asks for a certificate gets ours, from the files of the variables',
      'tls-files.test.ts: TLS > a server with %s gets nothing',
    ]),
  ),
  rule(
    'protocol/exporter.md, MUST',
    'The timeout is 10 s and counts for each batch export',
    yes(
      [
        'otlp-trace-exporter.test.ts: the other variables > timeout of %j and %j is %d ms',
        'environment.test.ts: in a program > %s ends an attempt that gets no answer',
      ],
      'For each attempt; `OTEL_BSP_EXPORT_TIMEOUT` is the limit of all attempts together.',
    ),
  ),
  rule(
    'proto docs/specification.md, "Request size", MUST NOT and SHOULD',
    'Nothing over 64 MiB is sent, and the loss is recorded',
    yes([
      'otlp-http.test.ts: a request > over 64 MiB is not sent',
      'pipe.test.ts: a request that is too large > is lost, and counted, when its source cannot cut',
    ]),
  ),
  rule(
    'proto docs/specification.md, "Response size", SHOULD',
    'An answer over 4 MiB is not read, and not tried again',
    yes([
      'otlp-http.test.ts: an answer > a body over 4 MiB is not read to its end and is final, whatever the status',
    ]),
  ),
  rule(
    'proto docs/specification.md, "Retryable Response Codes", MUST NOT',
    'Only 429, 502, 503, 504 and lost connections are tried again',
    yes([
      'otlp-http.test.ts: an answer > %i is retryable',
      'otlp-http.test.ts: an answer > any other status from 300 to 599 is final',
      'http-attempt.test.ts: a connection > that is reset before the answer is retryable, after one request',
    ]),
  ),
  rule(
    'protocol/exporter.md, "Retry", MUST',
    'The back-off is exponential, with jitter',
    yes([
      'retry.test.ts: retryDelayMillis > after %i failures the longest pause is %i ms',
      'retry.test.ts: retryDelayMillis > pauses are spread over the whole range, so that clients do not come back together',
    ]),
  ),
  rule(
    'proto docs/specification.md, "OTLP/HTTP Throttling", SHOULD',
    '`Retry-After` is honoured, in seconds and as a date',
    yes([
      'otlp-http.test.ts: an answer > %i with Retry-After %s pauses',
      'retry.test.ts: retryDelayMillis > what the server asked for is a floor, spread upwards by at most a fifth',
    ]),
  ),
  rule(
    'proto docs/specification.md, "Partial Success", MUST NOT and SHOULD',
    'A partial success is not tried again; its count and message are logged',
    yes([
      'pipe.test.ts: what it counts > a partial success: rejected apart from exported, with a warning, without a second try',
      'otlp-http.test.ts: an answer > a partial success says how many spans were rejected, and why',
    ]),
  ),
  rule(
    'proto docs/specification.md, "OTLP/HTTP Response"',
    'The body of a failure is a Status, whose message is said',
    yes([
      'otlp-http.test.ts: an answer > the message of a protobuf Status is in the reason',
      'http-json.test.ts: a JSON answer > %d with %j',
    ]),
  ),
];

export const EASILY_MISSED: readonly Rule[] = [...SDK, ...OTLP];
