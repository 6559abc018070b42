/**
 * The names of opentelemetry-js beside those of `spandrel/otel`. Read from the packages that `test/ecosystem` and
 * `test/ecosystem/version-3` install; every name that has no counterpart here has its reason here.
 */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = new URL('../', import.meta.url);

/** Where each major version of the SDK is installed, and its packages. */
export const INSTALLS = [
  {
    folder: 'test/ecosystem/',
    packages: [
      '@opentelemetry/sdk-trace-base',
      '@opentelemetry/sdk-trace-node',
      '@opentelemetry/resources',
      '@opentelemetry/core',
      '@opentelemetry/context-async-hooks',
      '@opentelemetry/exporter-trace-otlp-proto',
      '@opentelemetry/exporter-trace-otlp-http',
      '@opentelemetry/otlp-transformer',
      '@opentelemetry/sampler-composite',
      '@opentelemetry/propagator-b3',
      '@opentelemetry/propagator-env-carrier',
    ],
  },
  {
    folder: 'test/ecosystem/version-3/',
    packages: [
      '@opentelemetry/sdk-trace',
      '@opentelemetry/resources',
      '@opentelemetry/core',
      '@opentelemetry/context-async-hooks',
      '@opentelemetry/exporter-trace-otlp-proto',
      '@opentelemetry/exporter-trace-otlp-http',
      '@opentelemetry/otlp-transformer',
    ],
  },
];

/** Names of opentelemetry-js that `spandrel/otel` does not have, and why. */
export const ABSENT = {
  StackContextManager: 'for browsers without asynchronous context; contexts are passed by hand there',
  AsyncHooksContextManager: 'deprecated, and gone in 3.x; AsyncLocalStorageContextManager is here',

  resourceAttributesEnvDetector: '3.x: the half of envDetector that reads OTEL_RESOURCE_ATTRIBUTES',
  serviceNameEnvDetector: '3.x: the half of envDetector that reads OTEL_SERVICE_NAME',

  hrTime: 'arithmetic of [seconds, nanoseconds], free of the SDK; @opentelemetry/core has it',
  hrTimeDuration: 'ReadableSpan has `duration`',
  hrTimeToTimeStamp: 'formats a time; new Date(…).toISOString() does, to the millisecond',
  hrTimeToNanoseconds: 'loses precision: a double holds no nanoseconds since the epoch',
  hrTimeToMicroseconds: '`seconds * 1e6 + nanoseconds / 1e3`',
  hrTimeToMilliseconds: '`seconds * 1e3 + nanoseconds / 1e6`',
  hrTimeToSeconds: '`seconds + nanoseconds / 1e9`',
  millisToHrTime: 'every call of the API that takes a time takes milliseconds',
  timeInputToHrTime: 'the SDK converts what the API takes; no caller has to',
  isTimeInput: 'the SDK checks the times it is given, and says which it refused',
  isTimeInputHrTime: 'one case of isTimeInput',
  addHrTimes: 'a sum of two pairs with a carry; not needed to use an SDK',
  getTimeOrigin: 'gone in 3.x; performance.timeOrigin',
  otperformance: 'gone in 3.x; globalThis.performance',
  AnchoredClock: 'our clock is per trace and not to be replaced',
  unrefTimer: 'gone in 3.x; timer.unref()',
  _globalThis: 'gone in 3.x; globalThis',

  getStringFromEnv: 'reads a variable; those of the SDK are in docs/configuration.md',
  getNumberFromEnv: 'as getStringFromEnv, of a number',
  getBooleanFromEnv: 'as getStringFromEnv, of `true` and `false`',
  getStringListFromEnv: 'as getStringFromEnv, of a list',
  diagLogLevelFromString: 'OTEL_LOG_LEVEL is read by the SDK',
  parseKeyPairsIntoRecord: 'OTEL_EXPORTER_OTLP_HEADERS is read by the exporter',
  SDK_INFO: 'says that the SDK is opentelemetry; ours says so of spandrel in defaultResource()',

  setGlobalErrorHandler: 'faults go to the `diag` logger of the API, or to stderr, and into stats()',
  globalErrorHandler: 'there is no handler to call: see setGlobalErrorHandler',
  loggingErrorHandler: 'makes the handler that setGlobalErrorHandler has by default',

  RPCType: 'a constant that only getRPCMetadata and setRPCMetadata use',
  getRPCMetadata: 'between instrumentations, which bring @opentelemetry/core; works in our contexts',
  setRPCMetadata: 'the other side of getRPCMetadata',
  deleteRPCMetadata: 'undoes setRPCMetadata',
  TRACE_PARENT_HEADER: '`traceparent`; W3CTraceContextPropagator#fields() lists it',
  TRACE_STATE_HEADER: '`tracestate`; W3CTraceContextPropagator#fields() lists it',
  parseTraceParent: 'W3CTraceContextPropagator#extract() parses it',

  isAttributeValue: 'anything can be set; what OTLP cannot say is left out',
  sanitizeAttributes: 'attributes are cleaned once, as they are set',
  cleanAttributes: '3.x: as sanitizeAttributes, with limits',
  cleanSimpleAttributes: '3.x: as cleanAttributes; ours are AnyValue on events and resources as well',
  maybeAddAttribute: '3.x: a step of cleanAttributes',
  maybeAddSimpleAttribute: '3.x: a step of cleanSimpleAttributes',
  AddAttributeDecision: '3.x: what maybeAddAttribute answers',
  isAnyValue: '3.x: as isAttributeValue, nested',
  isSimpleAttributeValue: '3.x: as isAttributeValue, not nested',

  isUrlIgnored: 'for authors of instrumentations, which bring @opentelemetry/core',
  urlMatches: 'one pattern of isUrlIgnored',
  merge: 'deep merge of options, from lodash; no part of tracing',
  callWithTimeout: 'flush and shutdown take their own deadline',
  TimeoutError: 'what callWithTimeout rejects with; our flush never rejects',
  BindOnceFuture: 'how upstream lets shutdown run once; ours does',
  internal: 'for packages of opentelemetry-js itself, as its name says',

  ProtobufLogsSerializer: 'no logs in this version',
  JsonLogsSerializer: 'no logs in this version, in JSON neither',
  ProtobufMetricsSerializer: 'no metrics in this version',
  JsonMetricsSerializer: 'no metrics in this version, in JSON neither',
  TraceExporterMetricsHelper: 'counts exports for a meter; stats() has the numbers',
  LogsExporterMetricsHelper: 'as TraceExporterMetricsHelper, of logs',
  MetricsExporterMetricsHelper: 'as TraceExporterMetricsHelper, of metrics',
};

/** Names of `spandrel/otel` that opentelemetry-js has in none of these packages, and what they are. */
export const OWN = {};

/** Whether the packages are installed. */
export function isInstalled() {
  return INSTALLS.every(({ folder, packages }) =>
    packages.every((name) => existsSync(new URL(`${folder}node_modules/${name}/package.json`, root))),
  );
}

/** Every value that opentelemetry-js exports, with `package@version` of who does, in order of its name. */
export function readUpstream() {
  const names = new Map();
  for (const { folder, packages } of INSTALLS) {
    const require = createRequire(new URL(`${folder}package.json`, root));
    for (const name of packages) {
      const manifest = fileURLToPath(new URL(`${folder}node_modules/${name}/package.json`, root));
      const { version } = JSON.parse(readFileSync(manifest, 'utf8'));
      for (const [exported, value] of Object.entries(require(name))) {
        const entry = names.get(exported) ?? { name: exported, type: typeof value, from: [] };
        entry.from.push(`${name}@${version}`);
        names.set(exported, entry);
      }
    }
  }
  return [...names.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Every value that `spandrel/otel` exports. */
export async function readOwn() {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL('src/otel.ts', root))],
    outdir: fileURLToPath(new URL('dist', root)),
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    metafile: true,
    write: false,
    logLevel: 'silent',
  });
  const [output] = Object.values(metafile.outputs);
  return output.exports.sort();
}
