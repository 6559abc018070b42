/** Claims about the section Environment Variables. */
import { type Claims, no, notApplicable, type TestReference, yes } from './claims.ts';

/** The table of variables in `environment.test.ts`: default, each variable, precedence, what cannot be read. */
const TABLE: readonly TestReference[] = [
  'environment.test.ts: $option > has its default without variables, and with empty ones',
  'environment.test.ts: $option > is set by each variable',
];
const INVALID: TestReference =
  'environment.test.ts: $option > names a variable that cannot be read, and skips it';
const LIMIT: readonly TestReference[] = [
  'config-options.test.ts: span limits > %s sets %s and nothing else',
  'environment.test.ts: $option > is set by each variable',
];

const METRICS = notApplicable(
  'Configures metrics; this package traces. Its own numbers go to the `MeterProvider` of the program.',
);
const LOGS = notApplicable('Configures logs; this package traces.');

export const ENVIRONMENT: Readonly<Record<string, Claims>> = {
  '': {
    OTEL_SDK_DISABLED: yes(
      [
        'config-options.test.ts: activation > OTEL_SDK_DISABLED=%j',
        'environment.test.ts: in a program > OTEL_SDK_DISABLED leaves propagation, and OTEL_PROPAGATORS counts',
        'register.test.ts: spandrel/register > with %s=%s sends nothing',
      ],
      'opentelemetry-js has it in NodeSDK only.',
    ),
    OTEL_RESOURCE_ATTRIBUTES: yes([
      ...TABLE,
      'config-options.test.ts: resource > later beats earlier: default, list, service name, resource, attributes, service name option',
      'config-options.test.ts: resource > one bad entry, %j, voids the whole variable',
    ]),
    OTEL_SERVICE_NAME: yes([
      ...TABLE,
      'config-options.test.ts: resource > later beats earlier: default, list, service name, resource, attributes, service name option',
    ]),
    OTEL_LOG_LEVEL: yes([
      'diagnostics.test.ts: without a diag logger > OTEL_LOG_LEVEL=%s',
      'environment.test.ts: in a program > a logger set with diag.setLogger gets what OTEL_LOG_LEVEL would keep from stderr',
    ]),
    OTEL_PROPAGATORS: yes(
      [
        ...TABLE,
        'config-options.test.ts: propagators > OTEL_PROPAGATORS=%j',
        'config-options.test.ts: propagators > what the specification names and this package does not have is named in the warning',
      ],
      '`tracecontext`, `baggage`, `b3`, `b3multi`, `none`; `jaeger`, `xray` and `ottrace` are named in a warning.',
    ),
    'OTEL_BSP_*': yes(
      [
        ...TABLE,
        INVALID,
        'batch-span-processor.test.ts: the constructor > takes its options from the variables where they are not given',
        'environment.test.ts: in a program > OTEL_BSP_SCHEDULE_DELAY sends what has finished without being asked',
      ],
      'Queue and batch have no default of 2,048 and 512 spans in arena mode: bytes bound them. A value that is set is obeyed exactly.',
    ),
    'OTEL_BLRP_*': LOGS,
    'OTEL_EXPORTER_OTLP_*': yes(
      [
        ...TABLE,
        INVALID,
        'environment.test.ts: $option > follows the variable of the signal before the general one, and the option before both',
        'otlp-trace-exporter.test.ts: the endpoint > of %j and %j is %s',
        'tls-files.test.ts: TLS > the variables for traces beat the general ones, and the options both',
      ],
      'Endpoint, headers, timeout, compression, protocol, certificates and key, each for traces too. `INSECURE` belongs to gRPC.',
    ),
    'OTEL_EXPORTER_ZIPKIN_*': no('No Zipkin exporter: the Collector turns OTLP into Zipkin’s forms.', [
      'environment.test.ts: in a program > OTEL_TRACES_EXPORTER=%s is named',
    ]),
    OTEL_TRACES_EXPORTER: yes(
      [
        ...TABLE,
        'config-options.test.ts: activation > OTEL_TRACES_EXPORTER=%j',
        'environment.test.ts: in a program > OTEL_TRACES_EXPORTER=console prints spans',
        'environment.test.ts: in a program > OTEL_TRACES_EXPORTER=%s is named',
      ],
      '`otlp`, `console`, `none`, and lists of them; other names are named in a warning.',
    ),
    OTEL_METRICS_EXPORTER: METRICS,
    OTEL_LOGS_EXPORTER: LOGS,
    OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: yes(LIMIT),
    OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: yes(LIMIT),
    OTEL_SPAN_EVENT_COUNT_LIMIT: yes(LIMIT),
    OTEL_SPAN_LINK_COUNT_LIMIT: yes(LIMIT),
    OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: yes(
      [
        ...LIMIT,
        'config-options.test.ts: span limits > the specification’s names beat those of opentelemetry-js 2.x',
      ],
      'The provider of opentelemetry-js 2.x reads `OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT` instead; that name works here too.',
    ),
    OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: yes(
      [
        ...LIMIT,
        'config-options.test.ts: span limits > the specification’s names beat those of opentelemetry-js 2.x',
      ],
      'The provider of opentelemetry-js 2.x reads `OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT` instead; that name works here too.',
    ),
    OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: LOGS,
    OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: LOGS,
    OTEL_TRACES_SAMPLER: yes(
      [
        'config-options.test.ts: sampler > OTEL_TRACES_SAMPLER=%j, ARG=%j',
        'config-options.test.ts: sampler > %s, which the specification knows, is said by name not to be supported, and ignored',
      ],
      'The six samplers of the core; `jaeger_remote`, `parentbased_jaeger_remote` and `xray` are named in a warning.',
    ),
    OTEL_TRACES_SAMPLER_ARG: yes([
      'config-options.test.ts: sampler > OTEL_TRACES_SAMPLER=%j, ARG=%j',
      INVALID,
    ]),
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: yes([
      ...LIMIT,
      'environment.test.ts: $option > follows the variable of the signal before the general one, and the option before both',
    ]),
    OTEL_ATTRIBUTE_COUNT_LIMIT: yes([
      ...LIMIT,
      'config-options.test.ts: span limits > precedence: span option, general option, span variable, general variable',
    ]),
    OTEL_METRIC_EXPORT_INTERVAL: METRICS,
    OTEL_METRIC_EXPORT_TIMEOUT: METRICS,
    OTEL_METRICS_EXEMPLAR_FILTER: METRICS,
    OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: METRICS,
    OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: METRICS,
    OTEL_CONFIG_FILE: no(
      'No declarative configuration: its YAML would need a parser, which is a dependency. The variable is named in a warning, so that nobody takes it for read; the other variables count.',
      [
        'environment.test.ts: in a program > OTEL_CONFIG_FILE is named once and the other variables count',
        'register.test.ts: spandrel/register > with %s=%s leaves the program alone and says so',
      ],
    ),
  },
};
