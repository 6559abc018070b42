/** @module Prose of `docs/configuration.md`. Kept out of `options.ts` so that it is not shipped in the bundle. */

import type { OptionName } from './options.ts';

/** One section of the page. */
export interface OptionGroup {
  readonly title: string;
  readonly introduction?: string;
  readonly options: readonly OptionName[];
}

export interface OptionDescription {
  /** What the option does. */
  readonly meaning: string;
  /** What happens at the limit, and the meaning of special values. */
  readonly limit: string;
}

const DROPPED = 'Further ones are dropped and counted. 0: none.';
const CLOSED =
  'One that cannot be used ends the start: `init` says so and tracing is off, the exporter throws.';
const COUNTED = 'For each one beyond, one is dropped and counted. 0: none.';

export const OPTION_DESCRIPTIONS: Readonly<Record<OptionName, OptionDescription>> = {
  disabled: { meaning: 'Turns tracing off.', limit: 'Propagation still works.' },
  registerGlobal: {
    meaning: 'Registers the provider with `@opentelemetry/api`.',
    limit: 'If another provider is registered, ours stays private and says so once.',
  },
  serviceName: { meaning: 'The `service.name` of the resource.', limit: 'Empty text is ignored.' },
  resourceAttributes: {
    meaning: 'Further attributes of the resource.',
    limit:
      'Simple values only; others are left out and named. One bad entry in the variable voids the whole variable.',
  },
  detectors: {
    meaning: 'What describes process and host. The option also takes detectors, ours or of opentelemetry-js.',
    limit:
      '`process` adds command line, paths and user, `host` the id of the machine. The environment counts ' +
      'without `env`. A detector ' +
      'that fails, or takes over 5 s, loses what it did not find, and is named. Other names are ignored.',
  },
  resource: {
    meaning: 'A resource made elsewhere.',
    limit: 'Beats the variables, and is beaten by `resourceAttributes` and `serviceName`.',
  },
  sampler: {
    meaning: 'Which spans are recorded. The option also takes a `Sampler` object.',
    limit:
      '`jaeger_remote`, `parentbased_jaeger_remote` and `xray` are not supported: like an unknown name, they are named in a warning and ignored.',
  },
  samplerArg: {
    meaning: 'Share of traces that the `traceidratio` samplers keep.',
    limit: 'Other samplers ignore it.',
  },
  propagators: {
    meaning: 'Headers that carry the context between processes. The option also takes a propagator.',
    limit:
      '`jaeger`, `ottrace` and `xray` are not supported; an unknown name is ignored. `none` or an empty list: no headers.',
  },
  'spanLimits.attributeCountLimit': {
    meaning: 'Attributes of one span.',
    limit: `${DROPPED} A key already set can still be changed.`,
  },
  'spanLimits.attributeValueLengthLimit': {
    meaning: 'Length of a text value, and of each text in an array or map.',
    limit: 'The rest is cut off, never inside a character.',
  },
  'spanLimits.eventCountLimit': { meaning: 'Events of one span.', limit: COUNTED },
  'spanLimits.linkCountLimit': { meaning: 'Links of one span.', limit: COUNTED },
  'spanLimits.attributePerEventCountLimit': {
    meaning: 'Attributes of one event.',
    limit: `${DROPPED} The second variable is the name opentelemetry-js 2.x uses.`,
  },
  'spanLimits.attributePerLinkCountLimit': {
    meaning: 'Attributes of one link.',
    limit: `${DROPPED} The second variable is the name opentelemetry-js 2.x uses.`,
  },
  'batch.scheduledDelayMillis': {
    meaning: 'Longest time a finished span waits before it is sent.',
    limit: 'A full request is sent at once.',
  },
  'batch.exportTimeoutMillis': {
    meaning: 'Longest time one export may take, all attempts included.',
    limit: '0: no limit.',
  },
  'batch.maxQueueSize': {
    meaning: 'Finished spans that may wait.',
    limit: 'Spans that end beyond it are dropped and counted. Unset: `arenaBytes` is the bound.',
  },
  'batch.maxExportBatchSize': {
    meaning: 'Spans in one request.',
    limit: 'At most the queue size. Unset: the size of the request in bytes is the bound.',
  },
  exporters: {
    meaning: 'Where spans go; [each gets every span](#several-destinations).',
    limit:
      'Other names are ignored, and an entry that cannot be used is left out and named; if none can, tracing is off. ' +
      '`none` or an empty list: nowhere.',
  },
  endpoint: {
    meaning: 'Where OTLP requests go.',
    limit:
      '`init` and the second variable take a base URL, to which `v1/traces` is appended; the exporter (as `url`) and ' +
      'the first variable take the whole URL. ' +
      'User and password in the URL never reach a message. ' +
      'An option that is no URL ends the start: `init` says so and tracing is off, the exporter throws.',
  },
  headers: {
    meaning: 'Headers of each OTLP request, such as an API key.',
    limit: 'One bad entry in a variable voids the whole variable. Values never reach a message.',
  },
  timeoutMillis: {
    meaning: 'Longest time one attempt of an OTLP request may take.',
    limit: 'The attempt is ended and counts as one without an answer. 0: no limit.',
  },
  compression: { meaning: 'Compression of OTLP requests.', limit: 'An unknown word is ignored.' },
  protocol: {
    meaning: 'Form of OTLP requests.',
    limit:
      '`http/json` is made from the finished bytes at each attempt. `grpc` is named in a warning, and ' +
      '`http/protobuf` is used.',
  },
  ca: {
    meaning: 'Authorities to trust instead of those of the runtime.',
    limit: `One certificate or more. ${CLOSED}`,
  },
  cert: {
    meaning: 'Our own certificate, for a receiver that asks for one.',
    limit: `Certificates that lead to its authority may follow it. ${CLOSED}`,
  },
  key: { meaning: 'The private key of `cert`, without a passphrase.', limit: `Both or neither. ${CLOSED}` },
  engine: {
    meaning: 'What keeps and encodes finished spans: WebAssembly or TypeScript.',
    limit:
      '`wasm` and `ts` force one, and a provider that cannot start it throws; `auto` falls back to `ts`.',
  },
  arenaBytes: {
    meaning: 'Memory for finished spans that wait, per thread; rounded up to 64 KiB.',
    limit:
      'Tables and staging come out of it: 4 MiB hold 1.8 MB of spans, 16 MiB 13.6 MB, the default 60.8 MB. ' +
      'From 75 % of that captured content is shortened, from 87.5 % left out; when it is full, new spans are dropped and ' +
      'counted. The first provider of a thread decides.',
  },
  content: {
    meaning:
      'What is captured: `all`; `metadata`, all but inputs, outputs and messages; `none`, as `metadata`, and of errors of ' +
      'traced calls only their type, as messages often quote what went in.',
    limit:
      'The variable takes `true` (`all`) or `false` (`metadata`). An invalid option captures nothing, an ' +
      'invalid variable no text.',
  },
  dialect: {
    meaning: 'The names that inputs, outputs, models, usage and sessions have on the wire.',
    limit: 'An unknown word is named in a warning; `genai` is used.',
  },
  mask: {
    meaning: 'Decides what of each string of each span is sent, whoever made the span.',
    limit:
      'One that throws, or returns anything but a string or `null`, costs the value: `[masked]` is sent.',
  },
  redact: {
    meaning:
      'Replaces what looks like a key, a token, a card number or a mail address, before `mask` sees it.',
    limit: 'Patterns are no proof: what none of them knows is sent.',
  },
  maxCpuPercent: {
    meaning: 'Most of the main thread that tracing itself may take, in percent.',
    limit:
      'Over it, captured content is shortened, then left out, then of new traces 1/2, 1/4, … 1/64 are recorded; more ' +
      'again when the load falls. Unset: nothing is measured.',
  },
  meterProvider: {
    meaning:
      'Gets metrics of the SDK itself, [`otel.sdk.*`](metrics.md). Processors and `OTLPTraceExporter` take one of ' +
      'their own as `selfObsMeterProvider`.',
    limit: 'One that throws is named once, and measured no more. Unset: nothing is measured.',
  },
  flushOnSignals: {
    meaning: 'Sends what has finished before a signal ends the program.',
    limit:
      'For up to 2 s, or until a second signal; then the signal is raised again. Where the program has a listener of its ' +
      'own for it, that one decides what happens. `SIGTERM`, `SIGINT`, `SIGHUP`, `SIGQUIT`, `SIGBREAK` and `SIGUSR2` ' +
      'can be named; others are ignored.',
  },
  logLevel: {
    meaning: 'Which of our own messages reach stderr.',
    limit:
      'A logger set with `diag.setLogger` receives them instead and has its own level. No option sets it.',
  },
};

export const OPTION_GROUPS: readonly OptionGroup[] = [
  {
    title: 'Start',
    introduction:
      'With `node --import spandrel/register` the variables are all there is. `OTEL_CONFIG_FILE` is named in a ' +
      'warning: configuration files are not read.',
    options: ['disabled', 'registerGlobal', 'exporters', 'meterProvider', 'logLevel'],
  },
  {
    title: 'Resource',
    introduction:
      'Later beats earlier: the defaults, `detectors`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_SERVICE_NAME`, ' +
      '`resource`, `resourceAttributes`, `serviceName`.',
    options: ['serviceName', 'resourceAttributes', 'detectors', 'resource'],
  },
  { title: 'Sampling and propagation', options: ['sampler', 'samplerArg', 'propagators'] },
  {
    title: 'Span limits',
    introduction:
      'Members of `limits` in `init`, of `spanLimits` in a provider. Warnings use the second name. Each also takes ' +
      '`Infinity`, for no limit.',
    options: [
      'spanLimits.attributeCountLimit',
      'spanLimits.attributeValueLengthLimit',
      'spanLimits.eventCountLimit',
      'spanLimits.linkCountLimit',
      'spanLimits.attributePerEventCountLimit',
      'spanLimits.attributePerLinkCountLimit',
    ],
  },
  {
    title: 'Batches',
    options: [
      'batch.scheduledDelayMillis',
      'batch.exportTimeoutMillis',
      'batch.maxQueueSize',
      'batch.maxExportBatchSize',
    ],
  },
  {
    title: 'OTLP exporter',
    introduction:
      'Options of `init` for `otlp`, and, but for `endpoint`, which is `url` there, of `OTLPTraceExporter`.',
    options: ['endpoint', 'headers', 'timeoutMillis', 'compression', 'protocol'],
  },
  {
    title: 'Several destinations',
    introduction:
      'A receiver in `exporters` is `{ endpoint, headers, timeoutMillis, compression, protocol, ca, cert, key, batch, ' +
      'name }`, all but `endpoint` optional, each with the meaning and default it has on this page. The options of `init` ' +
      'above and the variables `OTEL_EXPORTER_OTLP_*` are those of `otlp`: **a receiver with its own endpoint takes nothing ' +
      'from them**, no header and no certificate, and no time-out, compression or protocol either. ' +
      'Only `batch` and the `OTEL_BSP_*` variables are for all. An exporter, of any make, has the options it was made with.',
    options: [],
  },
  {
    title: 'A trace file',
    introduction:
      '`file` appends to `.spandrel/traces.jsonl` in the folder of the program, `{ file, batch, name }` in `exporters` to a path ' +
      'of yours: one `ExportTraceServiceRequest` of OTLP JSON a line, as the OpenTelemetry file exporter specification has it. ' +
      'The file is made with mode 0600 and its folder with 0700; both stay as they are where they exist. A symbolic link is not ' +
      'followed, and nothing but a regular file is written to. Several processes may append to one file on a local disk: a line is ' +
      'one write. The file never shrinks by itself; one that is removed or renamed is made anew with the next batch, so any ' +
      'program that rotates logs can rotate it. Where the disk is full or the file may not be written, the spans of that batch ' +
      'are counted as `failed`, it is said once, and the next batch is tried again.',
    options: [],
  },
  {
    title: 'TLS',
    introduction:
      'For `https:` endpoints. Options of `OTLPTraceExporter` and of a receiver in `exporters`; `otlp` reads the variables.',
    options: ['ca', 'cert', 'key'],
  },
  { title: 'The end of the program', options: ['flushOnSignals'] },
  { title: 'Engine', options: ['engine', 'arenaBytes', 'maxCpuPercent'] },
  { title: 'Captured content', options: ['content', 'mask', 'redact', 'dialect'] },
];
