/**
 * Every environment variable, in one table: that it takes effect, that empty is unset, that what cannot be read is
 * named and skipped, and what beats what (Environment Variable Specification).
 */
import { context as contextApi, diag, propagation, trace as traceApi } from '@opentelemetry/api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { startSpan } from '../src/ai/trace.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import { resolveBatchOptions } from '../src/config/batch.ts';
import { resolveContent } from '../src/config/content.ts';
import { type DialectName, resolveDialect } from '../src/config/dialect.ts';
import { resolveEngineOptions } from '../src/config/engine.ts';
import { OPTIONS, type OptionName } from '../src/config/options.ts';
import { resolveNumber } from '../src/config/resolve.ts';
import { resolveSignals } from '../src/config/signals.ts';
import { warnOnce } from '../src/diagnostics.ts';
import { resolveOtlpTraceOptions } from '../src/export/otlp-trace-options.ts';
import { flush, type InitOptions, init, shutdown, stats } from '../src/init.ts';
import { type OtlpReceiver, receiveOtlp } from './helpers/api-receiver.ts';
import { captureWarnings, plainAttributes } from './helpers/api-recorder.ts';
import { receive, until } from './helpers/fault-server.ts';

const lines = captureWarnings();
const OWN_WARNING = 'a warning of this test';

beforeEach(() => {
  for (const name of Object.keys(process.env)) {
    if (/^(OTEL|SPANDREL)_/.test(name)) vi.stubEnv(name, undefined);
  }
});

afterEach(async () => {
  await shutdown(1000);
  vi.unstubAllEnvs();
  traceApi.disable();
  contextApi.disable();
  propagation.disable();
  diag.disable();
});

interface Row {
  readonly option: OptionName;
  /** What can be seen of the option, given as explicit options and by the environment. */
  readonly observe: (options: never) => unknown;
  readonly unset: unknown;
  /** A value for each variable, from the one that beats the others down, and what is seen of it. */
  readonly set: readonly (readonly [variable: string, text: string, seen: unknown])[];
  /** A text that cannot be read. Left out where every text can. */
  readonly invalid?: string;
  /** What is seen of it, where that is not what is seen without it. */
  readonly invalidSeen?: unknown;
  /** An explicit option that beats the variables. Left out where there is none. */
  readonly explicit?: readonly [options: object, seen: unknown];
}

/** Sends three spans, one the child of another, and shows what the receiver got. */
async function send(options: InitOptions, look: (receiver: OtlpReceiver) => unknown): Promise<unknown> {
  const receiver = await receiveOtlp();
  vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', receiver.base);
  init(options);
  for (const name of ['one', 'two', 'three']) startSpan(name).end();
  await flush();
  await shutdown();
  return look(receiver);
}

const header = (name: string) => (options: InitOptions) =>
  send(options, ({ requests }) => requests[0].headers[name]);
const resource = (key: string) => (options: InitOptions) =>
  send(options, ({ messages }) => plainAttributes(messages[0].resourceSpans[0].resource.attributes)[key]);
const count = (options: InitOptions) => send(options, ({ spans }) => spans.length);
const limit = (name: keyof TracerProvider['settings']['limits']) => (spanLimits: object) =>
  new TracerProvider({ spanLimits }).settings.limits[name];

/** A row of a limit that is 128 unless set. */
function limitRow(
  name: keyof TracerProvider['settings']['limits'],
  variables: readonly string[],
  unset = 128,
): Row {
  const set = variables.map((variable, index) => [variable, `${index + 1}`, index + 1] as const);
  return {
    option: `spanLimits.${name}`,
    observe: limit(name),
    unset,
    set,
    invalid: '-1',
    explicit: [{ [name]: 9 }, 9],
  };
}

const ROWS: readonly Row[] = [
  {
    option: 'disabled',
    observe: async (options) => {
      init({ exporters: [], ...(options as InitOptions) });
      const { engine } = stats();
      await shutdown();
      return engine === 'none';
    },
    unset: false,
    set: [['OTEL_SDK_DISABLED', 'TRUE', true]],
    invalid: 'yes',
    explicit: [{ disabled: false }, false],
  },
  {
    option: 'serviceName',
    observe: resource('service.name'),
    unset: expect.stringMatching(/^unknown_service/),
    set: [['OTEL_SERVICE_NAME', 'shop', 'shop']],
    explicit: [{ serviceName: 'explicit' }, 'explicit'],
  },
  {
    option: 'resourceAttributes',
    observe: resource('team'),
    unset: undefined,
    set: [['OTEL_RESOURCE_ATTRIBUTES', 'team=a%2Cb,region=x', 'a,b']],
    invalid: 'team=a,b',
    explicit: [{ resourceAttributes: { team: 'explicit' } }, 'explicit'],
  },
  {
    option: 'detectors',
    observe: resource('os.type'),
    unset: process.platform,
    set: [['OTEL_NODE_RESOURCE_DETECTORS', 'host', undefined]],
    invalid: 'crystal-ball',
    explicit: [{ detectors: ['os'] }, process.platform],
  },
  {
    option: 'sampler',
    observe: count,
    unset: 3,
    set: [['OTEL_TRACES_SAMPLER', 'always_off', 0]],
    invalid: 'jaeger_remote',
    explicit: [{ sampler: 'always_on' }, 3],
  },
  {
    option: 'samplerArg',
    observe: (options: InitOptions) => count({ sampler: 'parentbased_traceidratio', ...options }),
    unset: 3,
    set: [['OTEL_TRACES_SAMPLER_ARG', '0', 0]],
    invalid: '1.5',
    explicit: [{ samplerArg: 1 }, 3],
  },
  {
    option: 'propagators',
    observe: async (options: InitOptions) => {
      init({ exporters: [], ...options });
      const fields = propagation.fields();
      propagation.disable();
      traceApi.disable();
      await shutdown();
      return fields;
    },
    unset: ['traceparent', 'tracestate', 'baggage'],
    set: [['OTEL_PROPAGATORS', 'baggage', ['baggage']]],
    invalid: 'pigeon',
    explicit: [{ propagators: ['tracecontext'] }, ['traceparent', 'tracestate']],
  },
  limitRow('attributeCountLimit', ['OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', 'OTEL_ATTRIBUTE_COUNT_LIMIT']),
  limitRow(
    'attributeValueLengthLimit',
    ['OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT'],
    Number.POSITIVE_INFINITY,
  ),
  limitRow('eventCountLimit', ['OTEL_SPAN_EVENT_COUNT_LIMIT']),
  limitRow('linkCountLimit', ['OTEL_SPAN_LINK_COUNT_LIMIT']),
  limitRow('attributePerEventCountLimit', [
    'OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT',
    'OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT',
  ]),
  limitRow('attributePerLinkCountLimit', [
    'OTEL_LINK_ATTRIBUTE_COUNT_LIMIT',
    'OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT',
  ]),
  {
    option: 'batch.scheduledDelayMillis',
    observe: (options) => resolveBatchOptions(options).scheduledDelayMillis,
    unset: 5_000,
    set: [['OTEL_BSP_SCHEDULE_DELAY', '20', 20]],
    invalid: 'soon',
    explicit: [{ scheduledDelayMillis: 7 }, 7],
  },
  {
    option: 'batch.exportTimeoutMillis',
    observe: (options) => resolveBatchOptions(options).exportTimeoutMillis,
    unset: 30_000,
    set: [['OTEL_BSP_EXPORT_TIMEOUT', '20', 20]],
    invalid: '2.5',
    explicit: [{ exportTimeoutMillis: 7 }, 7],
  },
  {
    option: 'batch.maxQueueSize',
    observe: (batch: object) => count({ batch }),
    unset: 3,
    set: [['OTEL_BSP_MAX_QUEUE_SIZE', '1', 1]],
    invalid: '0',
    explicit: [{ maxQueueSize: 2 }, 2],
  },
  {
    option: 'batch.maxExportBatchSize',
    observe: (batch: object) => send({ batch }, ({ requests }) => requests.length),
    unset: 1,
    set: [['OTEL_BSP_MAX_EXPORT_BATCH_SIZE', '1', 3]],
    invalid: 'all',
    explicit: [{ maxExportBatchSize: 2 }, 2],
  },
  {
    option: 'exporters',
    observe: count,
    unset: 3,
    set: [['OTEL_TRACES_EXPORTER', 'none', 0]],
    invalid: 'zipkin',
    explicit: [{ exporters: ['otlp'] }, 3],
  },
  {
    option: 'endpoint',
    observe: (options) => resolveOtlpTraceOptions(options).endpoint.display,
    unset: 'http://localhost:4318/v1/traces',
    set: [
      ['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'http://signal:1/own', 'http://signal:1/own'],
      ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://general:2/base', 'http://general:2/base/v1/traces'],
    ],
    invalid: 'collector:4318',
    explicit: [{ url: 'http://explicit:3/path' }, 'http://explicit:3/path'],
  },
  {
    option: 'headers',
    observe: header('x-key'),
    unset: undefined,
    set: [
      ['OTEL_EXPORTER_OTLP_TRACES_HEADERS', 'x-key=signal', 'signal'],
      ['OTEL_EXPORTER_OTLP_HEADERS', 'X-Key = gen%20eral', 'gen eral'],
    ],
    invalid: 'x-key',
    explicit: [{ headers: { 'X-KEY': 'explicit' } }, 'explicit'],
  },
  {
    option: 'timeoutMillis',
    observe: (options) => resolveOtlpTraceOptions(options).timeoutMillis,
    unset: 10_000,
    set: [
      ['OTEL_EXPORTER_OTLP_TRACES_TIMEOUT', '20', 20],
      ['OTEL_EXPORTER_OTLP_TIMEOUT', '30', 30],
    ],
    invalid: '10s',
    explicit: [{ timeoutMillis: 7 }, 7],
  },
  {
    option: 'compression',
    observe: header('content-encoding'),
    unset: undefined,
    set: [
      ['OTEL_EXPORTER_OTLP_TRACES_COMPRESSION', 'gzip', 'gzip'],
      ['OTEL_EXPORTER_OTLP_COMPRESSION', 'GZIP', 'gzip'],
    ],
    invalid: 'zstd',
    explicit: [{ compression: 'none' }, undefined],
  },
  {
    option: 'protocol',
    observe: header('content-type'),
    unset: 'application/x-protobuf',
    set: [
      ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'http/json', 'application/json'],
      ['OTEL_EXPORTER_OTLP_PROTOCOL', 'HTTP/JSON', 'application/json'],
    ],
    invalid: 'smoke',
    explicit: [{ protocol: 'http/protobuf' }, 'application/x-protobuf'],
  },
  {
    option: 'engine',
    observe: (options) => resolveEngineOptions(options).engine,
    unset: 'auto',
    set: [['SPANDREL_ENGINE', 'TS', 'ts']],
    invalid: 'steam',
    explicit: [{ engine: 'wasm' }, 'wasm'],
  },
  {
    option: 'arenaBytes',
    observe: (options) => resolveEngineOptions(options).arenaBytes,
    unset: 67_108_864,
    set: [['SPANDREL_ARENA_BYTES', '8388608', 8_388_608]],
    invalid: '8M',
    explicit: [{ arenaBytes: 4_194_304 }, 4_194_304],
  },
  {
    option: 'maxCpuPercent',
    observe: ({ maxCpuPercent }: { maxCpuPercent?: number }) => resolveNumber('maxCpuPercent', maxCpuPercent),
    unset: undefined,
    set: [['SPANDREL_MAX_CPU_PERCENT', '2.5', 2.5]],
    invalid: '101',
    explicit: [{ maxCpuPercent: 0.5 }, 0.5],
  },
  {
    option: 'flushOnSignals',
    observe: resolveSignals,
    unset: [],
    set: [['SPANDREL_FLUSH_ON_SIGNALS', 'true', ['SIGTERM', 'SIGINT']]],
    invalid: 'SIGKILL',
    explicit: [{ flushOnSignals: ['SIGHUP'] }, ['SIGHUP']],
  },
  {
    option: 'dialect',
    observe: ({ dialect }: { dialect?: DialectName }) => resolveDialect(dialect),
    unset: 'genai',
    set: [['SPANDREL_DIALECT', 'openinference', 'openinference']],
    invalid: 'latin',
    explicit: [{ dialect: 'langfuse' }, 'langfuse'],
  },
  {
    option: 'content',
    observe: resolveContent,
    unset: 'all',
    set: [['OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT', 'false', 'metadata']],
    invalid: 'maybe',
    invalidSeen: 'metadata',
    explicit: [{ content: 'none' }, 'none'],
  },
  {
    option: 'logLevel',
    observe: () => {
      warnOnce(`environment-${performance.now()}`, OWN_WARNING);
      const own = lines.indexOf(`spandrel: ${OWN_WARNING}`);
      return own >= 0 && lines.splice(own, 1).length === 1;
    },
    unset: true,
    set: [['OTEL_LOG_LEVEL', 'ERROR', false]],
    invalid: 'loud',
  },
];

/** Options with variables whose rows would need files. */
const ELSEWHERE: Readonly<Partial<Record<OptionName, string>>> = {
  ca: 'tls-files.test.ts',
  cert: 'tls-files.test.ts',
  key: 'tls-files.test.ts',
};

/** What was said of the configuration; that a queue of one span drops others is said too. */
const saidOfVariables = (): string[] =>
  lines.filter((line) => !/a finished span was dropped|spans dropped \(queue_full\)/.test(line));

test('the table has every variable of every option', () => {
  const options = Object.entries(OPTIONS).filter(([, { environment }]) => environment.length > 0);
  expect([...ROWS.map(({ option }) => option), ...Object.keys(ELSEWHERE)].sort()).toEqual(
    options.map(([name]) => name).sort(),
  );
  for (const { option, set } of ROWS) {
    expect(
      set.map(([variable]) => variable),
      option,
    ).toEqual(OPTIONS[option].environment);
  }
});

describe.each(ROWS)('$option', (row) => {
  const observe = (options: object = {}) => Promise.resolve(row.observe(options as never));

  test('has its default without variables, and with empty ones', async () => {
    expect(await observe()).toEqual(row.unset);
    for (const text of ['', ' \t']) {
      for (const [variable] of row.set) vi.stubEnv(variable, text);
      expect(await observe()).toEqual(row.unset);
    }
    expect(saidOfVariables()).toEqual([]);
  });

  test('is set by each variable', async () => {
    for (const [variable, text, seen] of row.set) {
      for (const padded of [text, ` ${text} `]) {
        vi.stubEnv(variable, padded);
        expect(await observe(), variable).toEqual(seen);
      }
      vi.stubEnv(variable, undefined);
    }
    expect(saidOfVariables()).toEqual([]);
  });

  test('follows the variable of the signal before the general one, and the option before both', async () => {
    for (const [variable, text] of row.set) vi.stubEnv(variable, text);
    expect(await observe()).toEqual(row.set[0][2]);
    if (row.explicit === undefined) return;
    const [options, seen] = row.explicit;
    expect(await observe(options)).toEqual(seen);
    expect(saidOfVariables()).toEqual([]);
  });

  if (row.invalid === undefined) return;

  test('names a variable that cannot be read, and skips it', async () => {
    for (const [index, [variable]] of row.set.entries()) {
      lines.length = 0;
      vi.stubEnv(variable, row.invalid);
      expect(await observe(), variable).toEqual('invalidSeen' in row ? row.invalidSeen : row.unset);
      await observe();
      expect(lines.filter((line) => line.includes(`${variable}:`))).toHaveLength(1);
      // A general variable that can be read counts instead.
      const next = row.set[index + 1];
      if (next !== undefined) {
        vi.stubEnv(next[0], next[1]);
        expect(await observe(), next[0]).toEqual(next[2]);
        vi.stubEnv(next[0], undefined);
      }
      vi.stubEnv(variable, undefined);
    }
  });
});

describe('in a program', () => {
  test('OTEL_BSP_SCHEDULE_DELAY sends what has finished without being asked', async () => {
    vi.stubEnv('OTEL_BSP_SCHEDULE_DELAY', '1');
    const receiver = await receiveOtlp();
    init({ endpoint: receiver.base });
    startSpan('soon').end();
    await until(() => receiver.requests.length === 1);
  });

  test.each(['OTEL_BSP_EXPORT_TIMEOUT', 'OTEL_EXPORTER_OTLP_TIMEOUT', 'OTEL_EXPORTER_OTLP_TRACES_TIMEOUT'])(
    '%s ends an attempt that gets no answer',
    async (variable) => {
      vi.stubEnv(variable, '20');
      const { port } = await receive(() => {});
      init({ endpoint: `http://127.0.0.1:${port}`, batch: { scheduledDelayMillis: 1 } });
      startSpan('unanswered').end();
      await until(() => stats().lastError !== undefined);
      expect(stats().lastError).toContain('no answer');
    },
  );

  test.each(['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'])(
    '%s that is no URL is named, and tracing is on',
    (variable) => {
      vi.stubEnv(variable, 'collector:4318');
      init();
      expect(stats().engine).not.toBe('none');
      expect(lines).toEqual([expect.stringMatching(`^(spandrel: )?${variable}: expected a URL`)]);
    },
  );

  test('an endpoint of OTLP/gRPC gets a hint, and its protocol a warning', () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc');
    vi.stubEnv('OTEL_EXPORTER_OTLP_ENDPOINT', 'http://127.0.0.1:4317');
    init();
    expect(lines).toEqual([
      expect.stringMatching(/OTEL_EXPORTER_OTLP_PROTOCOL: expected http\/protobuf or http\/json, got grpc/),
      expect.stringMatching(/port 4317 is usually OTLP\/gRPC/),
    ]);
  });

  test.each(['zipkin', 'jaeger', 'logging', 'prometheus'])('OTEL_TRACES_EXPORTER=%s is named', (name) => {
    vi.stubEnv('OTEL_TRACES_EXPORTER', name);
    init();
    expect(lines).toEqual([expect.stringMatching(`OTEL_TRACES_EXPORTER: .*got "${name}"`)]);
  });

  test('OTEL_TRACES_EXPORTER=console prints spans', async () => {
    vi.stubEnv('OTEL_TRACES_EXPORTER', 'console');
    const printed = vi.spyOn(console, 'dir').mockImplementation(() => {});
    init();
    startSpan('printed').end();
    await flush();
    expect(printed.mock.calls).toEqual([[expect.objectContaining({ name: 'printed' }), expect.anything()]]);
  });

  test('OTEL_CONFIG_FILE is named once and the other variables count', async () => {
    vi.stubEnv('OTEL_CONFIG_FILE', 'otel.yaml');
    vi.stubEnv('OTEL_SERVICE_NAME', 'shop');
    expect(await resource('service.name')({})).toBe('shop');
    expect(await resource('service.name')({})).toBe('shop');
    expect(lines).toEqual([
      expect.stringMatching(/^spandrel: OTEL_CONFIG_FILE: expected no configuration file/),
    ]);
  });

  test('OTEL_SDK_DISABLED leaves propagation, and OTEL_PROPAGATORS counts', () => {
    vi.stubEnv('OTEL_SDK_DISABLED', 'true');
    vi.stubEnv('OTEL_PROPAGATORS', 'baggage');
    init();
    expect(propagation.fields()).toEqual(['baggage']);
    expect(traceApi.getTracer('t').startSpan('s').isRecording()).toBe(false);
  });

  test('a logger set with diag.setLogger gets what OTEL_LOG_LEVEL would keep from stderr', () => {
    vi.stubEnv('OTEL_LOG_LEVEL', 'none');
    const warn = vi.fn();
    diag.setLogger({ warn, error: warn, info: warn, debug: warn, verbose: warn });
    vi.stubEnv('OTEL_TRACES_EXPORTER', 'zipkin');
    init();
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('zipkin'));
    expect(lines).toEqual([]);
  });
});
