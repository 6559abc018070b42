/**
 * @module Every option once: its type, unit, bounds, default and environment variables. The functions that
 * resolve options and `docs/configuration.md` both read this table; the prose is in `option-descriptions.ts`,
 * which no shipped module imports.
 */

interface Option {
  /** Variables that set it, from highest to lowest precedence. An explicit option beats them all. */
  readonly environment: readonly string[];
}

/** A number. Bounds are inclusive; a value outside them is named in a warning and ignored. */
export interface NumberOption extends Option {
  readonly type: 'integer' | 'ratio';
  readonly unit: string;
  readonly minimum: number;
  readonly maximum: number;
  /** `undefined`: no limit of this kind. */
  readonly default: number | undefined;
}

/** One word of a fixed list. */
export interface ChoiceOption extends Option {
  readonly type: 'choice';
  readonly choices: readonly string[];
  readonly default: string;
}

/** `true` or `false`. */
export interface BooleanOption extends Option {
  readonly type: 'boolean';
  readonly default: boolean;
}

/** Anything else; `accepts` says what. */
export interface StructuredOption extends Option {
  readonly type: 'string' | 'list' | 'record' | 'object';
  readonly accepts: string;
  readonly default: string;
}

/** Timers overflow above this many milliseconds and fire at once (HTML Standard, "timers"; Node.js `timers`). */
export const MAXIMUM_MILLIS = 2_147_483_647;
const MAXIMUM_COUNT = 2_147_483_647;
const MEBIBYTE = 1024 * 1024;

const count = { type: 'integer', unit: 'entries', minimum: 0, maximum: MAXIMUM_COUNT, default: 128 } as const;
const millis = { type: 'integer', unit: 'ms', minimum: 0, maximum: MAXIMUM_MILLIS } as const;
const spans = {
  type: 'integer',
  unit: 'spans',
  minimum: 1,
  maximum: MAXIMUM_COUNT,
  default: undefined,
} as const;

/** The table, in the order of the page. Dotted names are members of a nested object. */
export const OPTIONS = {
  disabled: { type: 'boolean', default: false, environment: ['OTEL_SDK_DISABLED'] },
  registerGlobal: { type: 'boolean', default: true, environment: [] },

  serviceName: {
    type: 'string',
    accepts: 'text',
    default: '`unknown_service:` and the name of the executable',
    environment: ['OTEL_SERVICE_NAME'],
  },
  resourceAttributes: {
    type: 'record',
    accepts: 'attributes; the variable holds `key=value,…`, percent-encoded',
    default: 'none',
    environment: ['OTEL_RESOURCE_ATTRIBUTES'],
  },
  detectors: {
    type: 'list',
    accepts: '`env`, `host`, `os`, `process`, `serviceinstance`, `all`, `none`',
    default: 'host name, architecture, operating system, process id, runtime',
    environment: ['OTEL_NODE_RESOURCE_DETECTORS'],
  },
  resource: {
    type: 'object',
    accepts: 'a `Resource`, ours or that of opentelemetry-js',
    default: 'none',
    environment: [],
  },

  sampler: {
    type: 'choice',
    choices: [
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ],
    default: 'parentbased_always_on',
    environment: ['OTEL_TRACES_SAMPLER'],
  },
  samplerArg: {
    type: 'ratio',
    unit: 'ratio',
    minimum: 0,
    maximum: 1,
    default: 1,
    environment: ['OTEL_TRACES_SAMPLER_ARG'],
  },
  propagators: {
    type: 'list',
    accepts: '`tracecontext`, `baggage`, `b3`, `b3multi`, `none`',
    default: '`tracecontext,baggage`',
    environment: ['OTEL_PROPAGATORS'],
  },

  'spanLimits.attributeCountLimit': {
    ...count,
    environment: ['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT'],
  },
  'spanLimits.attributeValueLengthLimit': {
    type: 'integer',
    unit: 'characters',
    minimum: 0,
    maximum: Number.POSITIVE_INFINITY,
    default: Number.POSITIVE_INFINITY,
    environment: ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'],
  },
  'spanLimits.eventCountLimit': { ...count, environment: ['OTEL_SPAN_EVENT_COUNT_LIMIT'] },
  'spanLimits.linkCountLimit': { ...count, environment: ['OTEL_SPAN_LINK_COUNT_LIMIT'] },
  'spanLimits.attributePerEventCountLimit': {
    ...count,
    environment: ['OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT', 'OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT'],
  },
  'spanLimits.attributePerLinkCountLimit': {
    ...count,
    environment: ['OTEL_LINK_ATTRIBUTE_COUNT_LIMIT', 'OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT'],
  },

  'batch.scheduledDelayMillis': { ...millis, default: 5_000, environment: ['OTEL_BSP_SCHEDULE_DELAY'] },
  'batch.exportTimeoutMillis': { ...millis, default: 30_000, environment: ['OTEL_BSP_EXPORT_TIMEOUT'] },
  'batch.maxQueueSize': { ...spans, environment: ['OTEL_BSP_MAX_QUEUE_SIZE'] },
  'batch.maxExportBatchSize': { ...spans, environment: ['OTEL_BSP_MAX_EXPORT_BATCH_SIZE'] },

  exporters: {
    type: 'list',
    accepts:
      '`otlp`, `console`, `file`, `none`; the option also receivers `{ endpoint, headers, … }`, files `{ file }` and exporters',
    default: '`otlp`',
    environment: ['OTEL_TRACES_EXPORTER'],
  },
  endpoint: {
    type: 'string',
    accepts: 'an `http:` or `https:` URL',
    default: '`http://localhost:4318/v1/traces`',
    environment: ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
  },
  headers: {
    type: 'record',
    accepts: 'header names and values; the variable holds `key=value,…`, percent-encoded',
    default: 'none',
    environment: ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'OTEL_EXPORTER_OTLP_HEADERS'],
  },
  timeoutMillis: {
    ...millis,
    default: 10_000,
    environment: ['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT'],
  },
  compression: {
    type: 'choice',
    choices: ['none', 'gzip'],
    default: 'none',
    environment: ['OTEL_EXPORTER_OTLP_TRACES_COMPRESSION', 'OTEL_EXPORTER_OTLP_COMPRESSION'],
  },
  protocol: {
    type: 'choice',
    choices: ['http/protobuf', 'http/json', 'grpc'],
    default: 'http/protobuf',
    environment: ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'],
  },

  ca: {
    type: 'string',
    accepts: 'PEM text; the variable holds the path of a file',
    default: 'the authorities of the runtime',
    environment: ['OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE', 'OTEL_EXPORTER_OTLP_CERTIFICATE'],
  },
  cert: {
    type: 'string',
    accepts: 'PEM text; the variable holds the path of a file',
    default: 'none',
    environment: ['OTEL_EXPORTER_OTLP_TRACES_CLIENT_CERTIFICATE', 'OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE'],
  },
  key: {
    type: 'string',
    accepts: 'PEM text; the variable holds the path of a file',
    default: 'none',
    environment: ['OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY', 'OTEL_EXPORTER_OTLP_CLIENT_KEY'],
  },

  engine: {
    type: 'choice',
    choices: ['auto', 'wasm', 'ts'],
    default: 'auto',
    environment: ['SPANDREL_ENGINE'],
  },
  arenaBytes: {
    type: 'integer',
    unit: 'bytes',
    minimum: 4 * MEBIBYTE,
    maximum: 1024 * MEBIBYTE,
    default: 64 * MEBIBYTE,
    environment: ['SPANDREL_ARENA_BYTES'],
  },
  content: {
    type: 'choice',
    choices: ['all', 'metadata', 'none'],
    default: 'all',
    environment: ['OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT'],
  },
  dialect: {
    type: 'choice',
    choices: ['genai', 'genai-1.36', 'openinference', 'honeyhive', 'langfuse', 'traceloop'],
    default: 'genai',
    environment: ['SPANDREL_DIALECT'],
  },
  mask: {
    type: 'object',
    accepts: 'a function `(value, key, span) => string | null`',
    default: 'none',
    environment: [],
  },
  redact: {
    type: 'object',
    accepts: '`true`, `false`, or an object with `patterns`, `custom` and `keys`',
    default: '`false`',
    environment: [],
  },
  maxCpuPercent: {
    type: 'ratio',
    unit: 'percent',
    minimum: 0.1,
    maximum: 100,
    default: undefined,
    environment: ['SPANDREL_MAX_CPU_PERCENT'],
  },
  meterProvider: {
    type: 'object',
    accepts: 'a `MeterProvider` of `@opentelemetry/api`',
    default: 'none',
    environment: [],
  },
  flushOnSignals: {
    type: 'list',
    accepts: '`true` (`SIGTERM` and `SIGINT`), `false`, or a list of signals',
    default: '`false`',
    environment: ['SPANDREL_FLUSH_ON_SIGNALS'],
  },
  logLevel: {
    type: 'choice',
    choices: ['none', 'error', 'warn', 'info', 'debug', 'verbose', 'all'],
    default: 'info',
    environment: ['OTEL_LOG_LEVEL'],
  },
} as const satisfies Record<string, NumberOption | ChoiceOption | BooleanOption | StructuredOption>;

export type OptionName = keyof typeof OPTIONS;
type NameOf<Kind> = { [Name in OptionName]: (typeof OPTIONS)[Name] extends Kind ? Name : never }[OptionName];
export type NumberOptionName = NameOf<NumberOption>;
export type ChoiceOptionName = NameOf<ChoiceOption>;
export type BooleanOptionName = NameOf<BooleanOption>;
/** The words option `Name` accepts. */
export type Choice<Name extends ChoiceOptionName> = (typeof OPTIONS)[Name]['choices'][number];
