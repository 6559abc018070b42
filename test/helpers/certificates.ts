/** @module Certificates for loopback servers and their clients, made by openssl when a suite begins. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** For `requireCounterpart`: says what is missing when there is no openssl. */
export function probeOpenssl(): string | undefined {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return 'Expected `openssl` on PATH; install the package openssl.';
  }
}

/** `openssl ca` is the one command of OpenSSL 3.0 that makes a certificate of the past. */
const AUTHORITY_SETTINGS = `[ca]
default_ca = authority
[authority]
new_certs_dir = .
database = index.txt
default_md = sha256
policy = any
rand_serial = yes
copy_extensions = copy
[any]
commonName = supplied
`;

/**
 * A folder with `NAME.pem` and `NAME.key` of: `ca`; `other`, an authority of its own; `server`, `expired`, for
 * 127.0.0.1, and `elsewhere`, for another host, all of `ca`; `client` of `ca`; `stranger` of `other`.
 */
export class Certificates {
  readonly folder = mkdtempSync(join(tmpdir(), 'spandrel-certificates-'));

  constructor() {
    this.#authority('ca');
    this.#authority('other');
    this.#leaf('server', 'ca', 'IP:127.0.0.1');
    this.#leaf('elsewhere', 'ca', 'DNS:elsewhere.test');
    this.#leaf('client', 'ca', 'DNS:client.test');
    this.#leaf('stranger', 'other', 'DNS:client.test');
    this.#expired();
  }

  /** The path of one of its files, e.g. `ca.pem`; also of one that is not there. */
  file(name: string): string {
    return join(this.folder, name);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #openssl(...parameters: string[]): void {
    execFileSync('openssl', parameters, { cwd: this.folder, stdio: 'ignore' });
  }

  #request(name: string, ...more: string[]): void {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', `${name}.key`];
    this.#openssl('req', ...key, '-subj', `/CN=${name}`, ...more);
  }

  #authority(name: string): void {
    this.#request(name, '-x509', '-days', '2', '-out', `${name}.pem`);
  }

  #leaf(name: string, authority: string, host: string): void {
    const signed = ['-x509', '-days', '2', '-CA', `${authority}.pem`, '-CAkey', `${authority}.key`];
    const extensions = ['-addext', 'basicConstraints=critical,CA:FALSE', '-addext', `subjectAltName=${host}`];
    this.#request(name, ...signed, ...extensions, '-out', `${name}.pem`);
  }

  #expired(): void {
    this.#request('expired', '-addext', 'subjectAltName=IP:127.0.0.1', '-out', 'expired.csr');
    writeFileSync(this.file('index.txt'), '');
    writeFileSync(this.file('ca.cnf'), AUTHORITY_SETTINGS);
    const times = ['-startdate', '20200101000000Z', '-enddate', '20200102000000Z'];
    const authority = ['-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key'];
    this.#openssl(
      'ca',
      '-batch',
      ...authority,
      ...times,
      '-in',
      'expired.csr',
      '-notext',
      '-out',
      'expired.pem',
    );
  }
}
