/** @module Servers in processes of their own, on loopback, which end with the test that started them. */

import { type ChildProcess, fork, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const START_MILLIS = 10_000;
const POLL_MILLIS = 10;

/** Kills `child` when the test ends, and waits for its end; then cleans up. */
export function endWithTest(child: ChildProcess, cleanUp = (): void => {}): void {
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    cleanUp();
  });
}

/** The demonstration's model server; answers its URL. */
export async function startModelServer(): Promise<string> {
  const file = fileURLToPath(new URL('../../examples/agent/model-server.mjs', import.meta.url));
  const child = fork(file, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  endWithTest(child);
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve((message as { url: string }).url));
    child.once('exit', (code) => reject(new Error(`the model server ended with ${code}`)));
  });
}

/** For `requireCounterpart`: says what is missing when there is no Redis. */
export function probeRedis(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  if (folders.some((folder) => existsSync(join(folder, 'redis-server')))) return undefined;
  return 'Expected `redis-server` on PATH; install the package redis-server.';
}

/** A Redis that keeps nothing, on a port that it takes if it can; answers the port. */
export async function startRedis(): Promise<number> {
  for (let attempt = 0; attempt < 10; attempt += 1) {
    const port = 20_000 + Math.floor(Math.random() * 10_000);
    if (await startRedisOn(port)) return port;
  }
  throw new Error('expected a free port for redis-server, found none in ten attempts');
}

async function startRedisOn(port: number): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'spandrel-redis-'));
  const child = spawn(
    'redis-server',
    [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', folder],
      ...['--save', '', '--appendonly', 'no', '--daemonize', 'no'],
    ],
    { stdio: 'ignore' },
  );
  endWithTest(child, () => rmSync(folder, { recursive: true, force: true }));
  const deadline = performance.now() + START_MILLIS;
  while (child.exitCode === null && performance.now() < deadline) {
    if (await accepts(port)) return child.exitCode === null;
    await delay(POLL_MILLIS);
  }
  return false;
}

/** Whether a loopback port takes connections. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (open: boolean) => {
      socket.destroy();
      resolve(open);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
