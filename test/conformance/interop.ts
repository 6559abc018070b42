/** @module What both receivers are checked for: every field of every span of the corpus, by name. */

import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { ReceivedSpan } from '../helpers/received-spans.ts';
import { type CorpusSpan, spans } from './corpus.mjs';
import { expectedSpan, type Identities } from './expected.ts';

const sender = fileURLToPath(new URL('sender.mjs', import.meta.url));

/** A way to run the package: module format, engine and form of the requests. */
export interface Variant {
  format: 'esm' | 'cjs';
  engine: 'wasm' | 'ts';
  protocol: 'http/protobuf' | 'http/json';
  compression?: 'gzip';
}

/** The variants every receiver sees. */
export const variants: readonly Variant[] = [
  { format: 'esm', engine: 'wasm', protocol: 'http/protobuf' },
  { format: 'cjs', engine: 'wasm', protocol: 'http/protobuf' },
  { format: 'esm', engine: 'ts', protocol: 'http/protobuf' },
  { format: 'esm', engine: 'wasm', protocol: 'http/json' },
];

/** Runs the built package in a process of its own against `endpoint`; the ids of the spans it made. */
export async function sendCorpus(
  endpoint: string,
  { format, engine, protocol, compression }: Variant,
): Promise<Identities> {
  const env = {
    PATH: process.env.PATH,
    SPANDREL_ENGINE: engine,
    OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
    OTEL_EXPORTER_OTLP_COMPRESSION: compression ?? 'none',
  };
  const options = { env, timeout: 15_000 };
  const run = await promisify(execFile)(process.execPath, [sender, endpoint, format], options);
  // One of the spans goes over every limit, which is said once.
  expect(run.stderr).toMatch(/^spandrel: span "over every limit" lost [^\n]*\n$/);
  const answer = JSON.parse(run.stdout);
  expect(answer).toMatchObject({ engine, exported: spans.length });
  return answer.identities;
}

/** Resource attributes the specification lets an SDK add by itself are no part of the comparison. */
function withoutSdkAttributes(span: ReceivedSpan): ReceivedSpan {
  const attributes = span.resource.attributes.filter(({ key }) => !key.startsWith('telemetry.sdk.'));
  return { ...span, resource: { ...span.resource, attributes } };
}

/** Fails unless `received` is exactly `corpus`, span by span and field by field. */
export function expectCorpus(
  received: readonly ReceivedSpan[],
  corpus: readonly CorpusSpan[],
  identities: Identities,
  random?: number,
): void {
  const spanIds = corpus.map((span) => identities[span.key].spanId);
  expect(received.map((span) => span.spanId).sort()).toEqual([...spanIds].sort());
  for (const span of corpus) {
    const { spanId } = identities[span.key];
    const match = received.find((candidate) => candidate.spanId === spanId) as ReceivedSpan;
    const actual = withoutSdkAttributes(match);
    const expected = expectedSpan(span, identities, random);
    for (const field of Object.keys(expected) as (keyof ReceivedSpan)[]) {
      expect(actual[field], `${field} of span "${span.key}"`).toEqual(expected[field]);
    }
  }
}
