/** @module Certificates and keys for OTLP over https, read once and checked before the first span. */

import { readFirstEnvironment } from '../config/environment.ts';
import { getBuiltin } from './builtin.ts';
import type { TlsOptions } from './otlp-http.ts';

/** PEM text, as a string or bytes; each beats its variable, which names a file. */
export interface TlsFiles {
  /** Authorities to trust instead of the runtime's. Default: `OTEL_EXPORTER_OTLP(_TRACES)_CERTIFICATE`. */
  ca?: string | Uint8Array;
  /** Our own certificate. Default: `OTEL_EXPORTER_OTLP(_TRACES)_CLIENT_CERTIFICATE`. */
  cert?: string | Uint8Array;
  /** Its private key. Default: `OTEL_EXPORTER_OTLP(_TRACES)_CLIENT_KEY`. */
  key?: string | Uint8Array;
}

/** Thrown for a certificate or key that cannot be used. Its message holds no part of the file. */
export class TlsFileError extends TypeError {
  override readonly name = 'TlsFileError';
}

const VARIABLES = {
  ca: 'CERTIFICATE',
  cert: 'CLIENT_CERTIFICATE',
  key: 'CLIENT_KEY',
} as const;

/**
 * The TLS options in force, or `undefined` when there are none; then nothing is loaded.
 *
 * @throws {TlsFileError} when a file cannot be read, or its content is no certificate, no key, or key and
 *   certificate do not belong together.
 */
export function readTlsOptions(explicit: TlsFiles): TlsOptions | undefined {
  const ca = explicit.ca ?? readFile('ca');
  const cert = explicit.cert ?? readFile('cert');
  const key = explicit.key ?? readFile('key');
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  const options = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
  if ((cert === undefined) !== (key === undefined)) {
    throw new TlsFileError(
      `TLS: expected a client certificate and its key, got only the ${cert === undefined ? 'key' : 'certificate'}. Set both or neither.`,
    );
  }
  try {
    required<typeof import('node:tls')>('node:tls').createSecureContext(
      options as import('node:tls').SecureContextOptions,
    );
  } catch (error) {
    if (error instanceof TlsFileError) throw error;
    throw new TlsFileError(
      `TLS: expected certificates and a matching key in PEM form, got ${codeOf(error)}. Check the files.`,
    );
  }
  return options;
}

function readFile(kind: keyof typeof VARIABLES): Uint8Array | undefined {
  const names = [`OTEL_EXPORTER_OTLP_TRACES_${VARIABLES[kind]}`, `OTEL_EXPORTER_OTLP_${VARIABLES[kind]}`];
  const found = readFirstEnvironment(names);
  if (found === undefined) return undefined;
  try {
    return required<typeof import('node:fs')>('node:fs').readFileSync(found.value);
  } catch (error) {
    if (error instanceof TlsFileError) throw error;
    throw new TlsFileError(
      `${found.name}: expected the path of a readable PEM file, got ${codeOf(error)} for ${JSON.stringify(found.value)}. Correct or remove it.`,
    );
  }
}

/** Constructors are synchronous, and so is every host's way to these two but Node's before 20.16. */
function required<Module>(name: string): Module {
  const module = getBuiltin<Module>(name);
  if (module !== undefined) return module;
  throw new TlsFileError(
    `TLS: expected a runtime with process.getBuiltinModule (Node 20.16), got none. Update it, or pass the agent as httpAgentOptions.`,
  );
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' ? code : 'an error';
}
