/** @module What `HoneyHiveTracer.init` takes, and the `HH_*` variables behind it. */

import type { Mask } from '../../api/mask.ts';
import type { RedactOptions } from '../../api/redaction.ts';
import type { Content } from '../../config/content.ts';
import { readEnvironment } from '../../config/environment.ts';
import { readBoolean } from '../../config/readers.ts';
import { warnOnce } from '../../diagnostics.ts';
import { getBuiltin } from '../../export/builtin.ts';
import type { Group } from '../fields.ts';
import type { SpanNameFilters } from './span-name-filters.ts';
import type { Values } from './values.ts';

/** Members and defaults are those of the `honeyhive` package, unless said otherwise. */
export interface HoneyHiveTracerProperties {
  /** A secret. Default: `HH_API_KEY`. Without one tracing is off. */
  apiKey: string | undefined;
  /** Default: `HH_PROJECT`. Without one tracing is off. */
  project: string | undefined;
  /** A session that exists already, a UUID; none is started then. Default: a new session. */
  sessionId: string | undefined;
  /** Base URL. Default: `HH_API_URL`, else `https://api.honeyhive.ai`. */
  serverUrl: string;
  /** Default: `HH_SESSION_NAME`, else the name of the program's file, else `unknown session`. */
  sessionName: string;
  /** Such as `production`. Default: `HH_SOURCE`, else the name in `package.json`, else `unknown source`. */
  source: string;
  /** Inputs of the session. Default: none. */
  inputs: Values;
  /** Metadata of the session. Default: none. */
  metadata: Values;
  /** Accepted and without effect, with a warning: nothing is patched here. */
  instrumentModules?: Values;
  /** Accepted and without effect: what goes wrong is always said. `HH_VERBOSE` is not read. */
  verbose: boolean;
  isEvaluation: boolean;
  /** Whether each span is sent as soon as it ends. Default: `HH_DISABLE_BATCH`, else `false`. */
  disableBatch: boolean;
  /** Told to the server on every span. Default: `HH_DISABLE_HTTP_TRACING`, else `false`. */
  disableHttpTracing: boolean;
  runId?: string | undefined;
  datasetId?: string | undefined;
  datapointId?: string | undefined;
  /** Not in the original. Which spans are sent, by the beginning of their names. Default: all. */
  spanNameFilters?: SpanNameFilters;
  /** Not in the original, as are the next two: as for `init` of `spandrel`; for REST calls as well. */
  mask?: Mask;
  redact?: boolean | RedactOptions;
  content?: Content;
}

export type InitParams = Partial<HoneyHiveTracerProperties>;

/** Everything a tracer goes by, checked. */
export interface ResolvedProperties extends HoneyHiveTracerProperties {
  apiKey: string;
  project: string;
}

const DEFAULT_SERVER = 'https://api.honeyhive.ai';
/** RFC 9562, any version. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * The properties in force.
 *
 * @throws Error when there is no API key or no project; the message says what to set.
 */
export function resolveProperties(given: InitParams): ResolvedProperties {
  const apiKey = required('apiKey', given.apiKey, 'HH_API_KEY');
  const project = required('project', given.project, 'HH_PROJECT');
  if (given.instrumentModules !== undefined) {
    warnOnce(
      'honeyhive-modules',
      'instrumentModules: nothing is patched here; register OpenTelemetry instrumentations instead. It is ignored.',
    );
  }
  return {
    ...given,
    apiKey,
    project,
    sessionId: readSessionId(given.sessionId),
    serverUrl: (text(given.serverUrl) ?? readEnvironment('HH_API_URL') ?? DEFAULT_SERVER).replace(/\/+$/, ''),
    sessionName:
      text(given.sessionName) ?? readEnvironment('HH_SESSION_NAME') ?? programName() ?? 'unknown session',
    source: text(given.source) ?? readEnvironment('HH_SOURCE') ?? packageName() ?? 'unknown source',
    inputs: readGroup(given.inputs),
    metadata: readGroup(given.metadata),
    verbose: given.verbose === true,
    isEvaluation: given.isEvaluation === true,
    disableBatch: given.disableBatch ?? readBoolean('HH_DISABLE_BATCH') ?? false,
    disableHttpTracing: given.disableHttpTracing ?? readBoolean('HH_DISABLE_HTTP_TRACING') ?? false,
  };
}

/** A value that may be printed is not asked for: it may be a key. */
function required(name: string, given: unknown, variable: string): string {
  const value = text(given) ?? readEnvironment(variable);
  if (value !== undefined) return value;
  throw new Error(`${name}: expected a string that is not empty; set the option or ${variable}.`);
}

function text(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  return value.trim() === '' ? undefined : value.trim();
}

export function readGroup(value: unknown): Group {
  return typeof value === 'object' && value !== null ? (value as Group) : {};
}

/** A session id in the form the server keeps; `undefined`, with a warning, for what is no UUID. */
export function readSessionId(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' && UUID.test(value)) return value.toLowerCase();
  warnOnce('honeyhive-session-id', 'sessionId: expected a UUID; the one given is ignored.');
  return undefined;
}

function programName(): string | undefined {
  const { process } = globalThis as { process?: { argv?: string[] } };
  return process?.argv?.[1]?.split(/[\\/]/).pop() || undefined;
}

function packageName(): string | undefined {
  try {
    const files = getBuiltin<{ readFileSync(path: string, encoding: 'utf8'): string }>('node:fs');
    const { name } = JSON.parse(files?.readFileSync('package.json', 'utf8') ?? '{}') as { name?: unknown };
    return text(name);
  } catch {
    return undefined;
  }
}
