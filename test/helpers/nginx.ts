/** @module A real nginx as a child process, on loopback, unprivileged, with a folder of its own. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { accepts, endWithTest } from './child-server.ts';
import { refusingPort, until } from './fault-server.ts';

const START_MILLIS = 10_000;
const POLL_MILLIS = 10;
/** Debian puts it where the PATH of a user other than root does not look. */
const FOLDERS = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin'];

const findNginx = (): string | undefined =>
  FOLDERS.map((folder) => join(folder, 'nginx')).find((path) => existsSync(path));

/** For `requireCounterpart`: says what is missing when there is no nginx. */
export function probeNginx(): string | undefined {
  return findNginx() === undefined ? 'Expected `nginx` on PATH; install the package nginx-light.' : undefined;
}

/** One request as nginx's access log has it. */
export interface LoggedRequest {
  readonly status: number;
  /** Number of the connection, and of the request on it, from 1. */
  readonly connection: number;
  readonly request: number;
}

export interface Nginx {
  readonly port: number;
  readonly url: string;
  /** Every request that has ended so far. */
  requests(): LoggedRequest[];
  /** As `requests`, once there are `count`. */
  logged(count: number): Promise<LoggedRequest[]>;
}

/** What differs between two configurations. */
export interface NginxOptions {
  /** Directives of the server block. */
  readonly server: string;
  /** Directives of the http block. */
  readonly http?: string;
  /** Whether it listens for TLS. */
  readonly secure?: boolean;
}

/** Starts nginx, which ends with the test. */
export async function startNginx(options: NginxOptions): Promise<Nginx> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const port = await refusingPort();
    const folder = mkdtempSync(join(tmpdir(), 'spandrel-nginx-'));
    const log = join(folder, 'access.log');
    writeFileSync(join(folder, 'nginx.conf'), configuration(folder, port, options));
    const child = spawn(findNginx() ?? 'nginx', ['-p', folder, '-c', join(folder, 'nginx.conf')], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    endWithTest(child, () => rmSync(folder, { recursive: true, force: true }));
    if (await starts(child, port)) return running(port, log, options.secure === true);
    if (!said.includes('Address already in use')) throw new Error(`expected nginx to start, got:\n${said}`);
  }
  throw new Error('expected a free port for nginx, found none in ten attempts');
}

async function starts(child: ChildProcess, port: number): Promise<boolean> {
  const deadline = performance.now() + START_MILLIS;
  while (child.exitCode === null && performance.now() < deadline) {
    if (await accepts(port)) return child.exitCode === null;
    await delay(POLL_MILLIS);
  }
  return false;
}

function running(port: number, log: string, secure: boolean): Nginx {
  const requests = (): LoggedRequest[] => {
    const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => {
      const [status, connection, request] = line.split(' ').map(Number);
      return { status, connection, request };
    });
  };
  return {
    port,
    url: `${secure ? 'https' : 'http'}://127.0.0.1:${port}/v1/traces`,
    requests,
    async logged(count) {
      await until(() => requests().length >= count);
      return requests();
    },
  };
}

/** One process: nothing of it is left when that one is killed. */
function configuration(folder: string, port: number, { server, http = '', secure }: NginxOptions): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr error;
events { worker_connections 64; }
http {
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join('\n  ')}
  log_format fields '$status $connection $connection_requests';
  access_log ${folder}/access.log fields;
  ${http}
  server {
    listen 127.0.0.1:${port}${secure ? ' ssl' : ''};
    ${server}
  }
}
`;
}
