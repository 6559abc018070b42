/** @module A certificate for 127.0.0.1 that its own key signed, made by openssl for one run. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext, type SecureContext } from 'node:tls';

export interface Certificate {
  /** What a client trusts. */
  readonly file: string;
  readonly context: SecureContext;
  remove(): void;
}

/** `undefined` where there is no openssl. */
export function makeCertificate(): Certificate | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'spandrel-fault-tls-'));
  const file = join(folder, 'server.pem');
  const key = join(folder, 'server.key');
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  const names = ['-subj', '/CN=fault proxy', '-addext', 'subjectAltName=IP:127.0.0.1'];
  try {
    const command = ['req', '-x509', ...curve, '-keyout', key, '-out', file, ...names];
    execFileSync('openssl', command, { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    return undefined;
  }
  return {
    file,
    context: createSecureContext({ key: readFileSync(key), cert: readFileSync(file) }),
    remove: () => rmSync(folder, { recursive: true }),
  };
}
