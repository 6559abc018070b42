/** Claims about the sections Traces and Baggage. */
import { type Claims, no, yes } from './claims.ts';

const ONE_THREAD =
  'JavaScript objects belong to one thread; what is left of concurrency is user code that runs inside a call, and tasks that interleave.';

const OLDEST =
  'Of too many the oldest goes, as in opentelemetry-js; the specification lets an SDK discard the one that is too many.';

const tracerProvider: Claims = {
  'Create TracerProvider': yes([
    'compliance/tracer-provider.test.ts: in %s mode > any number of providers may exist, each with a configuration of its own',
    'tracer-provider.test.ts: TracerProvider on the %s engine > gives each of two processors every span',
  ]),
  'Get a Tracer': yes([
    'tracer-provider.test.ts: getTracer > gives the same tracer for the same scope, another for another',
    'compliance/tracer-provider.test.ts: in %s mode > a tracer named %j works, has an empty name, and is said',
  ]),
  'Get a Tracer with schema_url': yes([
    'compliance/tracer-provider.test.ts: in %s mode > a tracer has the name, version, schema URL and attributes it was asked for, on the wire too',
  ]),
  'Get a Tracer with scope attributes': yes(
    [
      'compliance/tracer-provider.test.ts: in %s mode > a tracer has the name, version, schema URL and attributes it was asked for, on the wire too',
      'tracer-provider.test.ts: getTracer > gives the same tracer for the same scope, another for another',
    ],
    'The types of the API have no attributes there; `getTracer` of this provider has. opentelemetry-js drops them.',
  ),
  'Associate Tracer with InstrumentationScope': yes([
    'tracer-provider.test.ts: TracerProvider on the %s engine > spans of several scopes travel under their own',
    'compliance/tracer-provider.test.ts: in %s mode > a tracer has the name, version, schema URL and attributes it was asked for, on the wire too',
  ]),
  'Safe for concurrent calls': yes(
    [
      'compliance/tracer-provider.test.ts: in %s mode > tracers, spans and providers may be used while each is used: what runs in between changes nothing',
      'pipe-flush.test.ts: flush > any number of them at once',
      'tracer-provider.test.ts: shutdown > flushes, closes exporters once, and resolves the same promise for every call',
    ],
    ONE_THREAD,
  ),
  'Shutdown (SDK only required)': yes(
    [
      'tracer-provider.test.ts: shutdown > flushes, closes exporters once, and resolves the same promise for every call',
      'tracer-provider.test.ts: shutdown > gives up at its deadline on an exporter that never answers, and counts',
      'compliance/tracer-provider.test.ts: in %s mode > shutdown is once: later calls get the same answer, and tracers of before and after make no records',
      'compliance/tracer-provider.test.ts: forceFlush and shutdown reach every processor, in plug-in mode those of any make',
    ],
    'The promise never rejects; what became of the spans is in `stats()`.',
  ),
  'Register provider shutdown actions (SDK only required)': no(
    'Development status; the provider takes no actions. A processor of the program is told of shutdown and can do the same.',
    [
      'compliance/tracer-provider.test.ts: forceFlush and shutdown reach every processor, in plug-in mode those of any make',
    ],
  ),
  'ForceFlush (SDK only required)': yes([
    'compliance/tracer-provider.test.ts: flush says whether spans left, were lost, or still wait',
    'tracer-provider.test.ts: flush > ends at its deadline, with what still waits',
    'compliance/tracer-provider.test.ts: forceFlush and shutdown reach every processor, in plug-in mode those of any make',
  ]),
};

const tracer: Claims = {
  'Create a new Span': yes([
    'compliance/span.test.ts: in %s mode > a span without a parent is a root: a valid context, a trace of its own',
    'span.test.ts: names and kinds > kind %s of the API is %s on the wire',
  ]),
  'Documentation defines adding attributes at span creation as preferred': yes([
    'compliance/documentation.test.ts: startSpan says that attributes known at the start belong there',
  ]),
  'Get active Span': yes(
    [
      'compliance/context.test.ts: in %s mode > the active span is the one that was made active last, across await, and none at the end',
      'tracer.test.ts: startActiveSpan > makes the span active and gives back what the function returns, in every form',
    ],
    'By `trace.getActiveSpan()` of the API.',
  ),
  'Mark Span active': yes([
    'compliance/context.test.ts: in %s mode > the active span is the one that was made active last, across await, and none at the end',
    'tracer.test.ts: startActiveSpan > makes the span active and gives back what the function returns, in every form',
    'tracer.test.ts: startActiveSpan > stays active through await',
  ]),
  'Safe for concurrent calls': yes(
    [
      'compliance/tracer-provider.test.ts: in %s mode > tracers, spans and providers may be used while each is used: what runs in between changes nothing',
      'reentrancy.test.ts: user code that traces, on the %s engine > in a getter of the start options (%s): both spans have ids of their own',
      'tracer-sampling.test.ts: samplers > one that starts spans itself does not mix up their ids',
    ],
    ONE_THREAD,
  ),
};

const spanContext: Claims = {
  IsValid: yes(
    [
      'compliance/span.test.ts: in %s mode > a span without a parent is a root: a valid context, a trace of its own',
      'tracer.test.ts: parents > %s makes a root',
    ],
    'By `isSpanContextValid` of the API.',
  ),
  IsRemote: yes([
    'compliance/span.test.ts: in %s mode > a parent says whether it is remote, and the span under it is not',
    'compliance/propagators.test.ts: a propagator > writes by the setter, only the fields it names, and reads by the getter',
  ]),
  'Conforms to the W3C TraceContext spec': yes(
    [
      'trace-context-vectors.test.ts: the table > has every requirement that a vector names, once, and every vector once',
      'trace-context-vectors.test.ts: traceparent > $name',
      'trace-context-vectors.test.ts: tracestate > $name',
      'trace-context-vectors.test.ts: what a span started under the headers sends > $name',
      'propagation.test.ts: tracestate > is immutable: set puts the key first, unset removes it',
    ],
    'opentelemetry-js accepts headers that the W3C suite wants refused.',
  ),
  'Support W3C Trace Context Level 2 randomness': yes(
    [
      'tracer.test.ts: parents > only the sampled and the random flag are inherited, the latter out of sight of those who compare',
      'compliance/span.test.ts: in %s mode > the trace id of a root is random, and its flags say so, unless a generator of the program made it',
      'propagation.test.ts: traceparent > only the flags Level 2 defines are sent',
      'ot-trace-state.test.ts: explicit randomness beats the trace id',
    ],
    'The flag is in headers and on the wire. `spanContext().traceFlags` keeps it out of sight: code in use takes any number but 1 for “not sampled”. opentelemetry-js never sets it.',
  ),
};

const span: Claims = {
  'Create root span': yes([
    'compliance/span.test.ts: in %s mode > a span without a parent is a root: a valid context, a trace of its own',
    'compliance/span.test.ts: in %s mode > the active span is the parent by default, a context given beats it, and root: true has none',
  ]),
  'Create with default parent (active span)': yes([
    'compliance/span.test.ts: in %s mode > the active span is the parent by default, a context given beats it, and root: true has none',
  ]),
  'Create with parent from Context': yes([
    'compliance/span.test.ts: in %s mode > the active span is the parent by default, a context given beats it, and root: true has none',
    'tracer.test.ts: parents > a remote parent gives its trace, its state, and a flag that says remote',
  ]),
  'No explicit parent Span/SpanContext allowed': yes([
    'compliance/span.test.ts: in %s mode > a span or a span context is no parent when it is given as one: only a context is',
  ]),
  'SpanProcessor.OnStart receives parent Context': yes([
    'plugin-span.test.ts: its place in the trace > parents, kinds, trace state and the context that onStart gets',
  ]),
  UpdateName: yes(['compliance/span.test.ts: in %s mode > updateName changes the name until the end']),
  'User-defined start timestamp': yes([
    'compliance/span.test.ts: in %s mode > start and end may be given as %s',
    'span.test.ts: times > a number of performance.now() counts from the time origin',
  ]),
  End: yes([
    'compliance/span.test.ts: in %s mode > end delivers the span, once; it records until then, and no call changes it afterwards',
    'compliance/span.test.ts: in %s mode > a child may outlive its parent',
  ]),
  'End with timestamp': yes([
    'compliance/span.test.ts: in %s mode > start and end may be given as %s',
    'span.test.ts: times > an end before the start becomes the start, and is said',
  ]),
  IsRecording: yes([
    'compliance/span.test.ts: in %s mode > end delivers the span, once; it records until then, and no call changes it afterwards',
    'non-recording-span.test.ts: takes every call of a span, gives itself back, and records nothing',
  ]),
  'IsRecording becomes false after End': yes([
    'compliance/span.test.ts: in %s mode > end delivers the span, once; it records until then, and no call changes it afterwards',
  ]),
  'Set status with StatusCode (Unset, Ok, Error)': yes([
    'compliance/span.test.ts: in %s mode > the status is %s',
  ]),
  'Safe for concurrent calls': yes(
    [
      'reentrancy.test.ts: user code that traces, on the %s engine > and writes to the very span whose value is being read',
      'reentrancy.test.ts: user code that traces, on the %s engine > and ends that span: what comes after goes nowhere, least of all to the next span',
      'reentrancy.test.ts: user code that traces, on the %s engine > in a time, ending the span twice: it leaves once',
    ],
    ONE_THREAD,
  ),
  'events collection size limit': yes(
    [
      'compliance/attributes.test.ts: in %s mode > the limits of events and of links are those set for them',
      'span.test.ts: on the %s engine > beyond their limits the oldest events and links go, and are counted',
    ],
    OLDEST,
  ),
  'attribute collection size limit': yes([
    'compliance/attributes.test.ts: in %s mode > the count limit lets known keys change, counts the rest, and counts no nested member',
  ]),
  'links collection size limit': yes(
    [
      'compliance/attributes.test.ts: in %s mode > the limits of events and of links are those set for them',
      'span.test.ts: on the %s engine > beyond their limits the oldest events and links go, and are counted',
    ],
    OLDEST,
  ),
  'SpanProcessor.OnEnding': yes(
    [
      'plugin-span.test.ts: what a processor may do > write in onEnding, after the end time is set; every onEnding comes before any onEnd',
    ],
    'opentelemetry-js has it too, against its own mark.',
  ),
};

const attributes: Claims = {
  SetAttribute: yes([
    'compliance/attributes.test.ts: in %s mode > a key is not empty, keeps its case, and is there once, with its last value',
  ]),
  'String type': yes(['compliance/attributes.test.ts: in %s mode > %s has its own type on the wire']),
  'Boolean type': yes(['compliance/attributes.test.ts: in %s mode > %s has its own type on the wire']),
  'Double floating-point type': yes([
    'compliance/attributes.test.ts: in %s mode > %s has its own type on the wire',
  ]),
  'Signed int64 type': yes(
    [
      'compliance/attributes.test.ts: in %s mode > %s has its own type on the wire',
      'attributes.test.ts: values > whole 64-bit numbers survive the split into halves',
    ],
    'A whole number is an int64, a `bigint` within 64 bits too. opentelemetry-js takes no `bigint`.',
  ),
  'Array of primitives (homogeneous)': yes(
    [
      'compliance/attributes.test.ts: in %s mode > arrays keep their elements, null among them, and maps their members',
    ],
    'A JavaScript number does not say whether it is an integer: `[1, 0.5]` is an int64 and a double, as in opentelemetry-js.',
  ),
  '`null` values documented as invalid/undefined': yes(
    [
      'compliance/documentation.test.ts: the architecture page says what null and undefined are',
      'compliance/attributes.test.ts: in %s mode > undefined is no value: it sets nothing and takes nothing away',
    ],
    '`undefined` sets nothing; `null` is the empty value of today’s Common specification ("AnyValue"), which the row is older than.',
  ),
  'Unicode support for keys and string values': yes([
    'compliance/attributes.test.ts: in %s mode > keys and values of any script arrive as they are',
    'encode-sweep.test.ts: texts of every length on the %s engine > from 0 to 300 characters %s',
  ]),
};

const sampling: Claims = {
  'Allow samplers to modify tracestate': yes([
    'tracer-sampling.test.ts: samplers > may add attributes and replace the trace state',
    'tracer-sampling.test.ts: samplers > may replace the trace state of a span that does not record',
  ]),
  'ShouldSample gets full parent Context': yes([
    'tracer-sampling.test.ts: samplers > see the context, the trace id, name, kind, attributes and links of the span to be',
  ]),
  'Sampler: JaegerRemoteSampler': no(
    'Not part of this package: it polls a service of its own. A sampler of opentelemetry-js, that one included, may be given to the provider.',
    [
      'sampler.test.ts: our samplers are samplers to opentelemetry-js, and its are to us',
      'config-options.test.ts: sampler > %s, which the specification knows, is said by name not to be supported, and ignored',
    ],
  ),
  'New Span ID created also for non-recording Spans': yes([
    'non-recording-span.test.ts: has one context for ever: the trace and state of its parent, a span id of its own, not sampled',
    'tracer-sampling.test.ts: id generators > make ids for spans that do not record too',
  ]),
  IdGenerators: yes([
    'tracer-sampling.test.ts: id generators > give the ids of roots, and only the span id of children',
    'tracer-sampling.test.ts: id generators > one that %s gets random ids instead of those, and one warning',
    'ids.test.ts: random ids > do not repeat in 100,000, nor do those of 100,000 spans',
  ]),
  SpanLimits: yes([
    'config-options.test.ts: span limits > have the defaults of the specification',
    'compliance/attributes.test.ts: in %s mode > without being told, 128 attributes, events and links are kept, and text of any length',
    'compliance/attributes.test.ts: in %s mode > the limits of events and of links are those set for them',
    'compliance/attributes.test.ts: in %s mode > what a span lost to its limits is said in one line',
  ]),
  'Built-in `SpanProcessor`s implement `ForceFlush` spec': yes([
    'batch-span-processor.test.ts: as a SpanProcessor > forceFlush and shutdown work on the processor itself',
    'pipe-flush.test.ts: flush > waits for an export in flight and for what finished before the call, not after',
    'pipe-flush.test.ts: flush > ends at its deadline and says what still waits',
    'exporter-calls.test.ts: the batch processor > never exports while an export is under way',
  ]),
  'Attribute Limits': yes([
    'compliance/attributes.test.ts: in %s mode > the count limit lets known keys change, counts the rest, and counts no nested member',
    'compliance/attributes.test.ts: in %s mode > the length limit counts characters, cuts none in half, and goes into arrays, maps and bytes',
    'tracer-provider.test.ts: bad options > a general limit counts where the span limit is left out',
  ]),
  'Fetch InstrumentationScope from ReadableSpan': yes([
    'compliance/attributes.test.ts: in %s mode > a processor may read the scope, the resource and what was dropped',
  ]),
  'TraceIdRatioBased sampler implements OpenTelemetry tracestate `th` field': no(
    'The specification now forbids a change of this sampler before 2027 ("TraceIdRatioBased"): it decides as that of opentelemetry-js. `createCompositeSampler(createComposableProbabilitySampler(ratio))` writes `th`.',
    [
      'sampler.test.ts: trace id ratio > decides and describes itself as opentelemetry-js does',
      'tracer-sampling.test.ts: composite samplers > put the threshold on sampled spans, and hand it on through headers to a service that agrees',
    ],
  ),
  'CompositeSampler and built-in ComposableSamplers': yes([
    'composite-sampler.test.ts: against opentelemetry-js > probability samples the same spans with the same thresholds, at full precision',
    'composite-sampler.test.ts: the trace state > of %s',
    'composable-sampler.test.ts: parent threshold > of a parent %s',
    'composable-sampler.test.ts: rule based > asks the sampler of the first rule that is true, and none if none is',
    'composable-sampler.test.ts: annotating > adds to the intent of its delegate, and beats its attributes',
    'tracer-sampling.test.ts: composite samplers > decide by explicit randomness, and hand it on, sampled or not',
  ]),
  'Sampler: AlwaysRecord': yes([
    'sampler.test.ts: always record > %i becomes %i, the rest of the answer stays',
    'tracer-sampling.test.ts: samplers > RECORD records, exports nothing, is counted as not sampled, and is no sampled parent',
  ]),
};

export const TRACES: Readonly<Record<string, Claims>> = {
  TracerProvider: tracerProvider,
  'Trace / Context interaction': {
    'Get active Span': yes([
      'compliance/context.test.ts: in %s mode > the active span is the one that was made active last, across await, and none at the end',
      'context.test.ts: a context with a span > shows the span to the API and to us, and keeps the values beside it',
    ]),
    'Set active Span': yes([
      'compliance/context.test.ts: in %s mode > the active span is the one that was made active last, across await, and none at the end',
      'context.test.ts: a context with a span > is read the same whether the API made it or we did',
    ]),
  },
  Tracer: tracer,
  SpanContext: spanContext,
  Span: span,
  'Span attributes': attributes,
  'Span linking': {
    'Links can be recorded on span creation': yes([
      'compliance/span.test.ts: in %s mode > links come from the start and from later calls, and events from calls, in order',
    ]),
    'Links can be recorded after span creation': yes([
      'compliance/span.test.ts: in %s mode > links come from the start and from later calls, and events from calls, in order',
      'span.test.ts: on the %s engine > a link to ids of zeros with %s',
    ]),
    'Links order is preserved': yes([
      'compliance/span.test.ts: in %s mode > links come from the start and from later calls, and events from calls, in order',
    ]),
  },
  'Span events': {
    AddEvent: yes([
      'compliance/span.test.ts: in %s mode > links come from the start and from later calls, and events from calls, in order',
      'event.test.ts: the second argument of addEvent > a time there is the time of the event; a third argument beats it',
    ]),
    'Add order preserved': yes([
      'compliance/span.test.ts: in %s mode > links come from the start and from later calls, and events from calls, in order',
    ]),
    'Safe for concurrent calls': yes(
      [
        'span-end.test.ts: a span ended by a getter of an event, an exception or a link records none of it, and stays ended',
      ],
      ONE_THREAD,
    ),
  },
  'Span exceptions': {
    RecordException: yes([
      'compliance/span.test.ts: in %s mode > an exception is an event with its type, message, stack and time',
    ]),
    'RecordException with extra parameters': no(
      '`recordException(exception, time)` of the API has no attributes, in 1.9 and in 1.10; opentelemetry-js has none either, against its mark. `addEvent("exception", attributes)` takes any.',
      [
        'compliance/span.test.ts: in %s mode > an exception is an event with its type, message, stack and time',
      ],
    ),
  },
  Sampling: sampling,
};

export const BAGGAGE: Readonly<Record<string, Claims>> = {
  '': {
    'Basic support': yes([
      'baggage.test.ts: baggage > %j gives %j',
      'baggage.test.ts: baggage > what one side injects the other extracts, opentelemetry-js included',
      'baggage.test.ts: baggage > at most 64 members over all headers are read, with a warning',
    ]),
    'Use official header name `baggage`': yes([
      'propagation.test.ts: composite > carries trace context and baggage together',
      'compliance/propagators.test.ts: a propagator > writes by the setter, only the fields it names, and reads by the getter',
    ]),
  },
};
