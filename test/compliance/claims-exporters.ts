/** Claims about the sections Exporters and SDK Self-Observability. */
import { type Claims, each, no, notApplicable, type TestReference, yes } from './claims.ts';
import { SPECIFICATION } from './specification.ts';

const features = (section: string, heading: string): string[] =>
  SPECIFICATION[section][heading].map(([feature]) => feature);

const METRICS = notApplicable('Metrics are no part of this package.');
const LOGS = notApplicable('Logs are no part of this package.');

const otlp: Claims = {
  'OTLP/gRPC Exporter': no(
    'HTTP/2 and its framing for nothing that OTLP/HTTP does not carry. `grpc` is named in a warning and OTLP/HTTP is sent; port 4317 gets a hint.',
    ['environment.test.ts: in a program > an endpoint of OTLP/gRPC gets a hint, and its protocol a warning'],
  ),
  'OTLP/HTTP binary Protobuf Exporter': yes([
    'otlp-http.test.ts: a request > is one POST with the bytes in order, their length, and the headers OTLP asks for',
    'otlp-equality.test.ts: OTLP bytes made by the %s engine > say what the serializer of opentelemetry-js says',
    'conformance/mock-otlp.test.ts: reports every field of what spandrel sends: $format, $engine, $protocol',
    'conformance/protoc.test.ts: decodes every body that spandrel sends: $format, $engine',
  ]),
  'OTLP/HTTP JSON Protobuf Exporter': yes([
    'http-json.test.ts: a request in JSON form > has the content type, the length and the spans of the bytes',
    'otlp-json.test.ts: the JSON of a request > of upstream bytes is what upstream writes as JSON',
    'otlp-json.test.ts: the JSON of a request > becomes the same message again with the published .proto files',
  ]),
  'OTLP/HTTP gzip Content-Encoding support': yes([
    'http-memory.test.ts: gzip > output equals the input after inflation, whatever the chunks',
    'init.test.ts: where spans go > headers, compression and timeout are those of the options',
    'http-json.test.ts: a request in JSON form > can be compressed',
  ]),
  'Enforces request size limit': yes(
    [
      'otlp-http.test.ts: a request > over 64 MiB is not sent',
      'http-json.test.ts: a request in JSON form > over 64 MiB is not sent, though the bytes it is made of are fewer',
      'arena-limits.test.ts: a large span > makes no request larger than 4 MiB out of spans that are small',
      'pipe.test.ts: a request that is too large > is halved until it passes: of 512 spans with one oversize, 511 arrive with 19 more requests',
    ],
    '4 MiB by default, 64 MiB never exceeded; one that is refused as too large is halved, so that one span costs one span. opentelemetry-js has no limit.',
  ),
  'Enforces response size limit': yes(
    [
      'otlp-http.test.ts: an answer > a body over 4 MiB is not read to its end and is final, whatever the status',
      'otlp-http.test.ts: an answer > a body that claims an encoding is not inflated',
    ],
    'opentelemetry-js has it too, against its blank mark.',
  ),
  'Concurrent sending': no(
    'One request is in flight to a destination, deliberately: a processor must not call Export concurrently, and one request of 4 MiB costs less than many. OTLP/HTTP says MAY.',
    ['batch-span-processor.test.ts: one request is in flight at a time'],
  ),
  'Honors retryable responses with backoff': yes([
    'otlp-http.test.ts: an answer > %i is retryable',
    'pipe.test.ts: a destination that gives no final answer > gets the same request again after 1, 2, 4 … 30 s with jitter; nothing is lost',
    'http-attempt.test.ts: a connection > that is refused is retryable',
    'otlp-trace-exporter.test.ts: export of span objects > tries again after an answer that allows it',
  ]),
  'Honors non-retryable responses': yes(
    [
      'otlp-http.test.ts: an answer > any other status from 300 to 599 is final',
      'pipe.test.ts: what it counts > a final refusal: failed, with reason and time, and the next request goes on',
      'otlp-trace-exporter.test.ts: export of span objects > reports a refusal, and rejected spans, as failures',
    ],
    'opentelemetry-js marks itself "-".',
  ),
  'Honors throttling response': yes(
    [
      'otlp-http.test.ts: an answer > %i with Retry-After %s pauses',
      'pipe.test.ts: a destination that gives no final answer > pauses the whole pipe for a Retry-After of %i ms',
      'retry.test.ts: parseRetryAfterMillis > a date is read against the clock of the server that wrote it',
    ],
    'opentelemetry-js marks itself "-": it waits for the request that was answered only, while others go on.',
  ),
  'Multi-destination spec compliance': yes([
    'tracer-provider.test.ts: TracerProvider on the %s engine > gives each of two processors every span',
    'compliance/processors.test.ts: in %s mode > of two processors each ends in an exporter of its own, and one that fails costs the other nothing',
    'tracer-provider.test.ts: flush > of two processors the slower one counts',
  ]),
  'SchemaURL in ResourceSpans and ScopeSpans': yes([
    'compliance/resource.test.ts: in %s mode > resource and scope travel with their schema URLs, the resource beyond any span limit',
  ]),
  'SchemaURL in ResourceMetrics and ScopeMetrics': METRICS,
  'SchemaURL in ResourceLogs and ScopeLogs': LOGS,
  'Honors the user agent spec': yes([
    'otlp-http.test.ts: a request > is one POST with the bytes in order, their length, and the headers OTLP asks for',
    'otlp-trace-exporter.test.ts: the version in the user agent is that of the package',
    'otlp-http.test.ts: a request > asks the headers function each time and puts the user agent of the user first',
  ]),
  'Partial Success messages are handled and logged for OTLP/gRPC': no('No OTLP/gRPC exporter.'),
  'Partial Success messages are handled and logged for OTLP/HTTP': yes([
    'pipe.test.ts: what it counts > a partial success: rejected apart from exported, with a warning, without a second try',
    'pipe.test.ts: what it counts > a message without rejections is a warning and no error',
    'partial-success.test.ts: readPartialSuccess > count and message agree with an independent decoder',
    'partial-success.test.ts: readPartialSuccess > the JSON answer %s is read',
  ]),
  'Metric Exporter configurable temporality preference': METRICS,
  'Metric Exporter configurable default aggregation': METRICS,
};

export const EXPORTERS: Readonly<Record<string, Claims>> = {
  '': {
    'Exporter interface': yes(
      [
        'exporter-calls.test.ts: the batch processor > exports at the batch size, and the rest after the delay',
        "in-memory-span-exporter.test.ts: export > works behind upstream's provider and processor",
        "plugin-processors.test.ts: our classes, subclassed or with exporters of any make > upstream's processor and exporter get the spans of our provider",
        'compliance/documentation.test.ts: the exporter interface says whether it is called concurrently',
      ],
      'That of opentelemetry-js; exporters of either side serve in the other.',
    ),
    'Exporter interface has `ForceFlush`': yes([
      'exporter-calls.test.ts: the batch processor > never exports while an export is under way',
      'otlp-trace-exporter.test.ts: export of span objects > a callback that throws harms nobody, and forceFlush waits for calls under way',
    ]),
    'Standard output (logging)': yes([
      'console-span-exporter.test.ts: wire > prints the decoded spans before send returns, as opentelemetry-js prints the recorded ones',
      'console-span-exporter.test.ts: export > prints what opentelemetry-js prints, one call a span, members in the same order',
    ]),
    'In-memory (mock exporter)': yes([
      'in-memory-span-exporter.test.ts: wire > decodes and keeps the spans before send returns',
      'in-memory-span-exporter.test.ts: export > keeps the very objects, in order',
      'in-memory-span-exporter.test.ts: shutdown > forgets the spans and refuses later ones, as objects and as bytes, saying why',
    ]),
  },
  OTLP: otlp,
  Zipkin: each(
    no('No Zipkin exporter: the Collector turns OTLP into Zipkin’s forms.', [
      'environment.test.ts: in a program > OTEL_TRACES_EXPORTER=%s is named',
    ]),
    features('Exporters', 'Zipkin'),
  ),
  Prometheus: each(METRICS, features('Exporters', 'Prometheus')),
};

const component = (...titles: string[]): readonly TestReference[] =>
  titles.map((title): TestReference => `component-metrics.test.ts: in %s mode > ${title}`);

const SINCE = 'opentelemetry-js has it since 2.9, against its mark.';

const spanMetrics: Claims = {
  '`otel.sdk.span.started`': yes(
    [
      'span-metrics.test.ts: in %s mode > spans are counted as opentelemetry-js counts them, sampler: %s',
      'span-metrics.test.ts: in %s mode > live and started are those of stats() where all is sampled',
    ],
    SINCE,
  ),
  '`otel.sdk.span.live`': yes(
    [
      'span-metrics.test.ts: in %s mode > spans are counted as opentelemetry-js counts them, sampler: %s',
      'span-metrics.test.ts: in %s mode > live and started are those of stats() where all is sampled',
    ],
    SINCE,
  ),
  '`otel.sdk.processor.span.queue.size`': yes(
    component(
      'under a clock of the test > spans wait in the queue, then are in flight through retries and pauses; one observation',
      'under a clock of the test > at every collection the numbers add up and are those of stats()',
    ),
    SINCE,
  ),
  '`otel.sdk.processor.span.queue.capacity`': yes(
    component(
      'under a clock of the test > a full queue drops and says so; its capacity is told when it is one of spans',
    ),
    `Told where spans bound the queue, and not where bytes do. ${SINCE}`,
  ),
  '`otel.sdk.processor.span.processed`': yes(
    component(
      'over HTTP > what was delivered is what the receiver got, under the names of the conventions',
      'under a clock of the test > at every collection the numbers add up and are those of stats()',
    ),
    SINCE,
  ),
  '`otel.sdk.exporter.span.inflight`': yes(
    component(
      'under a clock of the test > spans wait in the queue, then are in flight through retries and pauses; one observation',
    ),
    SINCE,
  ),
  '`otel.sdk.exporter.span.exported`': yes(
    component(
      'over HTTP > what was delivered is what the receiver got, under the names of the conventions',
      'over HTTP > rejected spans failed, and so did the operation',
      'under a clock of the test > a request that was cut counts each span once',
    ),
    SINCE,
  ),
};

export const SELF_OBSERVABILITY: Readonly<Record<string, Claims>> = {
  'Span metrics': spanMetrics,
  'Log metrics': each(LOGS, features('SDK Self-Observability', 'Log metrics')),
  'Metric metrics': each(METRICS, features('SDK Self-Observability', 'Metric metrics')),
  'Shared metrics': {
    '`otel.sdk.metric_reader.collection.duration`': METRICS,
    '`otel.sdk.exporter.operation.duration`': yes(
      component(
        'over HTTP > what was delivered is what the receiver got, under the names of the conventions',
        'over HTTP > rejected spans failed, and so did the operation',
        'over HTTP > a refusal counts under its status',
      ),
      SINCE,
    ),
  },
};
