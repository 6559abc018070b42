/** What `init({ exporters })` takes, made into processors. */
import type { UsableExporter } from '../config/activation.ts';
import type { BatchOptions } from '../config/batch.ts';
import { checkStringOption, warnInvalid } from '../config/readers.ts';
import { error as reportError, warnOnce } from '../diagnostics.ts';
import { ConsoleSpanExporter } from '../export/console-span-exporter.ts';
import { parseEndpoint } from '../export/endpoint.ts';
import type { HeadersSource, OtlpHttpProtocol } from '../export/otlp-http.ts';
import { type OTLPTraceExporterOptions, withoutEnvironment } from '../export/otlp-trace-options.ts';
import { describe, messageOf } from './attributes.ts';
import { BatchSpanProcessor } from './batch-span-processor.ts';
import { nameExporter } from './exporter-names.ts';
import { FileSpanExporter } from './file-span-exporter.ts';
import { OTLPTraceExporter } from './otlp-trace-exporter.ts';
import type { SpanExporter, SpanProcessor } from './types.ts';

/**
 * An OTLP receiver beside others. It takes nothing from `OTEL_EXPORTER_OTLP_*`, nor from the options of `init` that are
 * those of `'otlp'`: a key or certificate meant for one receiver never reaches another. What is left out has its default.
 */
export interface OtlpDestination {
  /** Base URL; `v1/traces` is appended. One that ends in it already is used as it is, with a warning. */
  endpoint: string;
  /** Headers of each request, or a function called before each one; it may be asynchronous. Never logged. Default: none. */
  headers?: HeadersSource;
  /** Default `none`. */
  compression?: 'none' | 'gzip';
  /** Default `http/protobuf`. */
  protocol?: OtlpHttpProtocol;
  /** Total time of one attempt to send, in milliseconds; 0 means no limit. Default 10,000. */
  timeoutMillis?: number;
  /** Authorities to trust instead of the runtime's, PEM text. Default: the runtime's. */
  ca?: string | Uint8Array;
  /** Our own certificate, PEM text, for a receiver that asks for one. Default: none. */
  cert?: string | Uint8Array;
  /** Its private key, PEM text. Default: none. */
  key?: string | Uint8Array;
  /** When its batches leave. What is left out comes from `batch` of `init`, then from the `OTEL_BSP_*` variables. */
  batch?: BatchOptions;
  /** How `stats()` and messages call it. Default: the endpoint, without user, password and query. */
  name?: string;
}

/** A file that spans are appended to, one request of OTLP JSON a line. */
export interface FileDestination {
  /** Made with mode 0600 if it is not there, its folder with 0700. Relative to where the program is at `init()`. */
  file: string;
  /** As in {@link OtlpDestination}. */
  batch?: BatchOptions;
  /** How `stats()` and messages call it. Default: the path. */
  name?: string;
}

/**
 * `'otlp'`, which takes the options of `init` and the variables; `'console'`; `'file'`, which is `.spandrel/traces.jsonl`; a
 * receiver; a file; an exporter of any make.
 */
export type ExporterOption =
  | 'otlp'
  | 'console'
  | 'file'
  | 'none'
  | OtlpDestination
  | FileDestination
  | SpanExporter;

/** Options of `init` that `'otlp'` has, and `batch`, which all have. */
export interface CommonExporterOptions {
  endpoint?: string;
  headers?: Record<string, string>;
  compression?: 'none' | 'gzip';
  protocol?: OtlpHttpProtocol;
  timeoutMillis?: number;
  batch?: BatchOptions;
}

const TRACES_PATH = /\/v1\/traces\/?$/;

const FILE_NAMES: Readonly<Record<keyof FileDestination, true>> = { batch: true, file: true, name: true };

const DESTINATION_NAMES: Readonly<Record<keyof OtlpDestination, true>> = {
  batch: true,
  ca: true,
  cert: true,
  compression: true,
  endpoint: true,
  headers: true,
  key: true,
  name: true,
  protocol: true,
  timeoutMillis: true,
};

/**
 * A processor for each. One that cannot be made is left out, with one line about it.
 *
 * @throws Error when there are some and none of them can be made.
 */
export function exportProcessors(
  exporters: readonly UsableExporter[],
  options: CommonExporterOptions & { exporters?: readonly ExporterOption[] },
): SpanProcessor[] {
  const faults: string[] = [];
  const made = exporters.flatMap((exporter) => {
    const isName = typeof exporter === 'string';
    const subject = `exporters[${options.exporters?.indexOf(exporter)}]`;
    try {
      return [isName ? fromName(exporter, options) : fromObject(exporter, subject, options)];
    } catch (cause) {
      faults.push(isName ? messageOf(cause) : `${subject}: ${messageOf(cause)}`);
      return [];
    }
  });
  if (made.length === 0 && faults.length > 0) throw new Error(faults.join(' '));
  for (const fault of faults) reportError(`exporter:${fault}`, `an exporter is left out: ${fault}`);
  return made;
}

function fromName(name: string, options: CommonExporterOptions): SpanProcessor {
  if (name === 'console') return new BatchSpanProcessor(new ConsoleSpanExporter(), options.batch);
  if (name === 'file') return new BatchSpanProcessor(new FileSpanExporter(), options.batch);
  const { endpoint, headers, compression, protocol, timeoutMillis } = options;
  const url = tracesUrl(endpoint, 'endpoint');
  const exporter = new OTLPTraceExporter({ url, headers, compression, protocol, timeoutMillis });
  return new BatchSpanProcessor(exporter, options.batch);
}

function fromObject(
  given: Exclude<UsableExporter, string>,
  subject: string,
  { batch }: CommonExporterOptions,
): SpanProcessor {
  if ('export' in given && typeof given.export === 'function') {
    // As a member: an exporter may have a member `exporter` itself.
    return new BatchSpanProcessor({ ...batch, exporter: given });
  }
  if ('file' in given && given.file !== undefined) return fromFile(given, subject, batch);
  const destination = given as OtlpDestination;
  if (Array.isArray(destination) || destination.endpoint === undefined) {
    throw new TypeError(
      `expected an object with an endpoint or a file, or an exporter, got ${Array.isArray(given) ? 'an array' : 'neither'}. ` +
        "For the receiver of the variables write 'otlp'; processors go to spanProcessors.",
    );
  }
  checkNames(destination, DESTINATION_NAMES, subject);
  const { endpoint, headers, compression, protocol, timeoutMillis, ca, cert, key } = destination;
  const own: OTLPTraceExporterOptions = { headers, compression, protocol, timeoutMillis, ca, cert, key };
  own.url = tracesUrl(endpoint, 'endpoint', subject);
  const exporter = new OTLPTraceExporter(withoutEnvironment(own));
  return processorOf(exporter, destination, subject, batch);
}

function fromFile(
  destination: FileDestination,
  subject: string,
  batch: BatchOptions | undefined,
): SpanProcessor {
  const { file } = destination;
  if (typeof file !== 'string' || file.trim() === '' || file.includes('\0')) {
    throw new TypeError(`expected file to be a path, got ${describe(file) || 'an empty one'}.`);
  }
  checkNames(destination, FILE_NAMES, subject);
  return processorOf(new FileSpanExporter(file), destination, subject, batch);
}

function processorOf(
  exporter: SpanExporter,
  own: OtlpDestination | FileDestination,
  subject: string,
  batch: BatchOptions | undefined,
): SpanProcessor {
  const name = checkStringOption(`${subject}.name`, own.name);
  if (name !== undefined) nameExporter(exporter, name);
  return new BatchSpanProcessor(exporter, { ...batch, ...batchOf(own.batch, subject) });
}

function checkNames(given: object, names: Readonly<Record<string, true>>, subject: string): void {
  for (const name of Object.keys(given)) {
    if (Object.hasOwn(names, name)) continue;
    warnInvalid(`option ${subject}.${name}`, `one of ${Object.keys(names).join(', ')}`);
  }
}

function batchOf(batch: unknown, subject: string): BatchOptions {
  if (typeof batch === 'object' && batch !== null) return batch;
  if (batch !== undefined)
    warnInvalid(`option ${subject}.batch`, 'an object', `a value of type ${typeof batch}`);
  return {};
}

/** The exporter takes a whole URL; a base URL gets the path of the signal (OTLP exporter specification). */
function tracesUrl(endpoint: string | undefined, option: string, subject?: string): string | undefined {
  if (endpoint === undefined) return undefined;
  const text = String(endpoint).trim();
  // Checked here as well, so that an error names the option and shows the value that was given.
  parseEndpoint(text, option);
  const query = text.search(/[?#]/);
  const base = query < 0 ? text : text.slice(0, query);
  if (TRACES_PATH.test(base)) {
    const name = subject === undefined ? option : `${subject}.${option}`;
    warnOnce(
      `${name}-path`,
      `${name}: expected a base URL, got one that ends in v1/traces; it is used as it is.`,
    );
    return text;
  }
  return `${base.replace(/\/+$/, '')}/v1/traces${query < 0 ? '' : text.slice(query)}`;
}
