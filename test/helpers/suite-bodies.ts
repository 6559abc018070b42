/**
 * @module The request bodies that the tests make on their way, kept for one more judge: when all tests are done,
 * `protoc` must decode every one of them (test/every-body.setup.ts).
 */

import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = '.cache/suite-bodies';
/** Kept by one worker: sweeps make more of the same than anyone needs decoded again. */
const MOST_BYTES = 24 * 1024 * 1024;

let kept = 0;
const file = join(FOLDER, `${process.pid}-${process.env.VITEST_WORKER_ID ?? '0'}.bodies`);

/** Keeps a copy of a request body, its length before it. */
export function keepBody(body: Uint8Array): void {
  if (kept + body.length > MOST_BYTES) return;
  if (kept === 0) mkdirSync(FOLDER, { recursive: true });
  kept += body.length;
  const length = Buffer.alloc(4);
  length.writeUInt32LE(body.length);
  appendFileSync(file, Buffer.concat([length, body]));
}

/** Every body kept by this run, and where they lie. */
export function keptBodies(): { folder: string; bodies: Buffer[] } {
  mkdirSync(FOLDER, { recursive: true });
  const bodies = readdirSync(FOLDER).flatMap((name) => split(readFileSync(join(FOLDER, name))));
  return { folder: FOLDER, bodies };
}

function split(content: Buffer): Buffer[] {
  const bodies: Buffer[] = [];
  for (let offset = 0; offset < content.length; ) {
    const start = offset + 4;
    const end = start + content.readUInt32LE(offset);
    bodies.push(content.subarray(start, end));
    offset = end;
  }
  return bodies;
}
