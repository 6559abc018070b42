/** @module Certificates and keys for OTLP over https, read once and checked before the first span. */

import { readFirstEnvironment } from '../config/environment.ts';
import { OPTIONS } from '../config/options.ts';
import { toPrintable } from '../diagnostics.ts';
import { getBuiltin } from './builtin.ts';
import type { TlsOptions } from './node-client.ts';

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

type TlsOptionName = 'ca' | 'cert' | 'key';

/** PEM text, and where it came from, for messages. */
interface Source {
  readonly from: string;
  readonly pem: string | Uint8Array;
}

/**
 * The TLS options in force, or `undefined` when there are none; then nothing is loaded.
 *
 * @param isAlone - whether the variables do not count.
 * @throws {TlsFileError} when a file cannot be read, or its content is no certificate, no key, a key with a
 *   passphrase, or key and certificate do not belong together.
 */
export function readTlsOptions(explicit: TlsFiles, isAlone: boolean = false): TlsOptions | undefined {
  const ca = find('ca', explicit.ca, isAlone);
  const cert = find('cert', explicit.cert, isAlone);
  const key = find('key', explicit.key, isAlone);
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  if ((cert === undefined) !== (key === undefined)) {
    throw new TlsFileError(
      `TLS: expected a client certificate and its key, got only the ${cert === undefined ? 'key' : 'certificate'}. Set both or neither.`,
    );
  }
  if (ca !== undefined) checkCertificates(ca);
  if (cert !== undefined && key !== undefined) checkPair(cert, key);
  const options = {
    ...(ca === undefined ? {} : { ca: ca.pem }),
    ...(cert === undefined ? {} : { cert: cert.pem }),
    ...(key === undefined ? {} : { key: key.pem }),
  };
  try {
    required<typeof import('node:tls')>('node:tls').createSecureContext(
      options as import('node:tls').SecureContextOptions,
    );
  } catch (error) {
    if (error instanceof TlsFileError) throw error;
    throw new TlsFileError(
      `TLS: expected certificates and a key that this runtime accepts, got ${codeOf(error)}. Check the files.`,
    );
  }
  return options;
}

const CERTIFICATE = /-----BEGIN ((?:TRUSTED |X509 )?CERTIFICATE)-----.*?-----END \1-----/gs;

/**
 * Each certificate is read here: Node leaves out what it cannot read of `ca`, and trusts nobody then, which
 * would show only as requests that fail for ever.
 */
function checkCertificates({ from, pem }: Source): import('node:crypto').X509Certificate[] {
  const { X509Certificate } = required<typeof import('node:crypto')>('node:crypto');
  const blocks = textOf(pem).match(CERTIFICATE) ?? [];
  if (blocks.length === 0) {
    throw new TlsFileError(`${from}: expected certificates in PEM form, got none. Correct or remove it.`);
  }
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block);
    } catch {
      throw new TlsFileError(
        `${from}: expected certificates in PEM form, got one that cannot be read at place ${index + 1}. Correct or remove it.`,
      );
    }
  });
}

/** The first certificate is the client's own; those that follow lead to its authority. */
function checkPair(cert: Source, key: Source): void {
  const [own] = checkCertificates(cert);
  const { createPrivateKey } = required<typeof import('node:crypto')>('node:crypto');
  let privateKey: import('node:crypto').KeyObject;
  try {
    privateKey = createPrivateKey(textOf(key.pem));
  } catch (error) {
    throw new TlsFileError(
      `${key.from}: expected a private key in PEM form without a passphrase, got ${codeOf(error)}. Correct or remove it.`,
    );
  }
  if (!own.checkPrivateKey(privateKey)) {
    throw new TlsFileError(
      `${key.from}: expected the matching key of ${cert.from}, got that of another certificate. Set both to one pair.`,
    );
  }
}

function textOf(pem: string | Uint8Array): string {
  return typeof pem === 'string' ? pem : new TextDecoder('latin1').decode(pem);
}

function find(
  kind: TlsOptionName,
  explicit: string | Uint8Array | undefined,
  isAlone: boolean,
): Source | undefined {
  if (explicit === undefined || explicit === null) return isAlone ? undefined : readFile(kind);
  if (typeof explicit === 'string' || explicit instanceof Uint8Array) {
    return { from: `option ${kind}`, pem: explicit };
  }
  throw new TlsFileError(
    `option ${kind}: expected PEM text as a string or bytes, got a value of type ${typeof explicit}. Correct or remove it.`,
  );
}

/** Longest path shown, in UTF-16 units. */
const LONGEST_PATH = 255;

/** Not what is PEM text, or so long that it may be PEM text in base64: the key itself, where its path belongs. */
function shownPath(path: string): string {
  const mayBeKey = path.length > LONGEST_PATH || path.includes('-----') || /[\r\n]/.test(path);
  return mayBeKey ? `a value of ${path.length} characters` : JSON.stringify(toPrintable(path));
}

function readFile(kind: TlsOptionName): Source | undefined {
  const found = readFirstEnvironment(OPTIONS[kind].environment);
  if (found === undefined) return undefined;
  const from = `${found.name} (${shownPath(found.value)})`;
  try {
    return { from, pem: required<typeof import('node:fs')>('node:fs').readFileSync(found.value) };
  } catch (error) {
    if (error instanceof TlsFileError) throw error;
    throw new TlsFileError(
      `${from}: expected the path of a readable PEM file, got ${codeOf(error)}. Correct or remove it.`,
    );
  }
}

/** Constructors are synchronous, and so is every host's way to these modules but Node's before 20.16. */
function required<Module>(name: string): Module {
  const module = getBuiltin<Module>(name);
  if (module !== undefined) return module;
  throw new TlsFileError(
    `TLS: expected a runtime with process.getBuiltinModule (Node 20.16), got none. Update it, or pass the agent as httpAgentOptions.`,
  );
}

function codeOf(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  if (typeof code === 'string') return code;
  // Deno's refusals have no code, and a name that says it: NotCapable.
  return typeof name === 'string' ? name : 'an error';
}
