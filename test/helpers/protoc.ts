/**
 * @module Google's protobuf compiler as a strict decoder of request bodies: wire types, lengths and UTF-8 are checked
 * by C++ code that shares nothing with ours. The .proto files are those in @elastic/mockotlpserver.
 */

import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

const runBytes = 4 * 1024 * 1024;
const requestType = 'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest';
const schema = 'opentelemetry/proto/collector/trace/v1/trace_service.proto';
const schemaRoot = dirname(createRequire(import.meta.url).resolve('@elastic/mockotlpserver/package.json'));

/** For `requireCounterpart`: says what is missing when there is no `protoc`. */
export function probeProtoc(): string | undefined {
  const found = spawnSync('protoc', ['--version'], { encoding: 'utf8' });
  if (found.status === 0) return undefined;
  return 'Expected `protoc` on PATH; on Debian: apt-get install protobuf-compiler.';
}

/**
 * Decodes an `ExportTraceServiceRequest`; the answer is protobuf text format. Throws when `protoc` refuses the
 * bytes or met a field that the schema does not have.
 */
export function protocAccepts(bytes: Uint8Array): string {
  const run = spawnSync('protoc', [`--decode=${requestType}`, `--proto_path=${schemaRoot}`, schema], {
    input: bytes,
    maxBuffer: 256 * 1024 * 1024,
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (run.error !== undefined) throw run.error;
  if (run.status !== 0 || run.stderr !== '') throw new Error(`protoc refused: ${run.stderr.trim()}`);
  // Text format names a field it knows and numbers one it does not; strings never start a line.
  const unknownField = /^ *(\d+)(?::| \{)/m.exec(run.stdout);
  if (unknownField !== null) throw new Error(`protoc met field ${unknownField[1]}, which the schema lacks`);
  return run.stdout;
}

/**
 * Checks that a body is whole `resource_spans` fields (tag 0x0A, length, content) and nothing else. Only then does
 * a run of bodies decode exactly when each of them does.
 */
function requireWholeFields(body: Uint8Array): void {
  let at = 0;
  while (at < body.length) {
    if (body[at] !== 0x0a) throw new Error(`expected tag 0x0a at byte ${at}, got ${body[at]}`);
    let length = 0;
    let scale = 1;
    do {
      at += 1;
      length += (body[at] & 0x7f) * scale;
      scale *= 128;
    } while (body[at] >= 0x80);
    at += 1 + length;
  }
  if (at !== body.length) throw new Error(`expected ${at} bytes, got ${body.length}`);
}

function refusal(check: () => unknown): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function* runsOf(bodies: readonly Uint8Array[]): Generator<[first: number, end: number]> {
  let first = 0;
  let bytes = 0;
  for (const [index, body] of bodies.entries()) {
    if (index > first && bytes + body.length > runBytes) {
      yield [first, index];
      first = index;
      bytes = 0;
    }
    bytes += body.length;
  }
  if (first < bodies.length) yield [first, bodies.length];
}

/** The first refused body of a run that is known to be refused. */
function bisect(bodies: readonly Uint8Array[], first: number, end: number): number {
  if (end - first === 1) return first;
  const middle = (first + end) >> 1;
  const leftRefused = refusal(() => protocAccepts(Buffer.concat(bodies.slice(first, middle)))) !== undefined;
  return leftRefused ? bisect(bodies, first, middle) : bisect(bodies, middle, end);
}

/**
 * Decodes many request bodies in few runs of `protoc`: concatenated protobuf messages are one valid message, so
 * up to 4 MiB of them go into a run. Throws with the index of the first refused body. Returns the number of runs.
 */
export function protocAcceptsAll(bodies: readonly Uint8Array[]): number {
  for (const [index, body] of bodies.entries()) {
    const reason = refusal(() => requireWholeFields(body));
    if (reason !== undefined) throw new Error(`body ${index} of ${bodies.length} is not whole: ${reason}`);
  }
  let runs = 0;
  for (const [first, end] of runsOf(bodies)) {
    runs += 1;
    if (refusal(() => protocAccepts(Buffer.concat(bodies.slice(first, end)))) === undefined) continue;
    const bad = bisect(bodies, first, end);
    const reason = refusal(() => protocAccepts(bodies[bad]));
    throw new Error(`body ${bad} of ${bodies.length}: ${reason}`);
  }
  return runs;
}
