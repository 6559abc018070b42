/** @module Hosts that are no Node.js: a headless browser and workerd, each running a bundled program once. */

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);
const WORKERD = fileURLToPath(
  new URL(
    `../runtimes/node_modules/@cloudflare/workerd-linux-${process.arch === 'arm64' ? 'arm64' : '64'}/bin/workerd`,
    import.meta.url,
  ),
);
const DEADLINE_MILLIS = 40_000;

export function probeChromium(): string | undefined {
  return CHROMIUM === undefined
    ? 'Expected Chromium; run `apt-get install -y --no-install-recommends chromium`.'
    : undefined;
}

export function probeWorkerd(): string | undefined {
  return existsSync(WORKERD) ? undefined : 'Expected workerd; run `npm ci --prefix test/runtimes`.';
}

/**
 * Opens a page that runs `program`, an ES module that posts what it has to say to `/result`. What it posts to `/v1/traces`
 * goes to `receive`. Answers the result.
 */
export async function runInChromium(program: string, receive: (body: Buffer) => void): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), 'spandrel-chromium-'));
  let browser: ChildProcess | undefined;
  const server = createServer();
  try {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const result = new Promise<string>((resolve, reject) => {
      server.on('request', async (request, response) => {
        if (request.method === 'POST') {
          const pieces: Buffer[] = [];
          for await (const piece of request) pieces.push(piece);
          const body = Buffer.concat(pieces);
          response.end();
          if (request.url === '/result') resolve(String(body));
          else receive(body);
        } else if (request.url === '/program.mjs') {
          response.setHeader('content-type', 'text/javascript').end(program);
        } else {
          response
            .setHeader('content-type', 'text/html')
            .end('<script type="module" src="program.mjs"></script>');
        }
      });
      browser = spawn(
        CHROMIUM as string,
        ['--headless', '--no-sandbox', '--disable-gpu', '--no-first-run', `--user-data-dir=${profile}`, url],
        // A process group of its own: what it starts ends with it.
        { stdio: 'ignore', detached: true },
      );
      browser.on('error', reject);
      deadline(reject, 'the page to post its result');
    });
    return await result;
  } finally {
    await ended(browser);
    server.closeAllConnections();
    server.close();
    rmSync(profile, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

/** Serves `program`, an ES module that is a worker, and asks it once. Answers its response. */
export async function runInWorkerd(program: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'spandrel-workerd-'));
  let server: ChildProcess | undefined;
  try {
    writeFileSync(join(folder, 'worker.mjs'), program);
    writeFileSync(join(folder, 'config.capnp'), CONFIGURATION);
    server = spawn(WORKERD, ['serve', 'config.capnp', '--control-fd=3'], {
      cwd: folder,
      stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
      detached: true,
    });
    const port = await listening(server);
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      signal: AbortSignal.timeout(DEADLINE_MILLIS),
    });
    return await response.text();
  } finally {
    await ended(server);
    rmSync(folder, { recursive: true, force: true });
  }
}

const CONFIGURATION = `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .program),
    (name = "internet", network = (allow = ["private", "local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const program :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "worker.mjs")],
  compatibilityDate = "2026-01-01",
  compatibilityFlags = ["nodejs_compat"],
);
`;

function listening(server: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    let text = '';
    (server.stdio[3] as Readable).setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      for (const line of text.split('\n')) {
        if (line.includes('"listen"')) resolve(JSON.parse(line).port);
      }
    });
    server.on('error', reject);
    server.on('exit', (code) => reject(new Error(`workerd ended with ${code} before it listened`)));
    deadline(reject, 'workerd to listen');
  });
}

function deadline(reject: (error: Error) => void, what: string): void {
  setTimeout(
    () => reject(new Error(`expected ${what} within ${DEADLINE_MILLIS} ms`)),
    DEADLINE_MILLIS,
  ).unref();
}

/** Ends a program and those that it has started: a browser is many. */
async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child?.pid === undefined) return;
  const isOver = child.exitCode !== null || child.signalCode !== null;
  const exit = isOver ? undefined : new Promise((resolve) => child.once('exit', resolve));
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // None of them is left.
  }
  await exit;
}
