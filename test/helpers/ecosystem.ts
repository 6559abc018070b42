/**
 * @module Third-party packages as a user installs them: programs of `test/ecosystem/programs` run in a process of
 * their own, on spandrel or on opentelemetry-js, and what arrives at a loopback receiver is decoded here by
 * protobufjs, or read as JSON, whichever the program sent.
 */

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect, vi } from 'vitest';
import { type ChildResult, run } from './api-child.ts';
import { type DeclareSuite, requireCounterpart } from './counterparts.ts';
import { otlpJsonByProtobufjs } from './engine-protobufjs.ts';
import { receive, type SeenRequest } from './fault-server.ts';
import { type ReceivedSpan, spansOf } from './received-spans.ts';
import { keepBody } from './suite-bodies.ts';
import { outline, type TraceTree, traceTrees } from './trace-tree.ts';

/** Where the packages of the ecosystem are installed. */
export const ECOSYSTEM = fileURLToPath(new URL('../ecosystem/', import.meta.url));

/** Some of the packages take seconds to load where the machine is busy. */
const DEADLINE_MILLIS = 40_000;

/** Each project, and one of its packages. */
const PROJECTS = { '': 'sdk-trace-node', 'version-3/': 'sdk-trace' };

/** For `requireCounterpart`: says what is missing when the packages, or the built spandrel beside them, are absent. */
export function probeEcosystem(): string | undefined {
  for (const [folder, name] of Object.entries(PROJECTS)) {
    const packages = `${ECOSYSTEM}${folder}node_modules`;
    if (!existsSync(`${packages}/@opentelemetry/${name}`)) {
      return `Expected the packages that \`npm ci --prefix test/ecosystem/${folder}\` installs; run that first.`;
    }
    if (!existsSync(`${packages}/spandrel/dist`)) {
      return 'Expected the built package, which `npm run build` makes; run that first.';
    }
  }
  return undefined;
}

const declare = requireCounterpart('the project test/ecosystem', probeEcosystem);

/** `describe` for suites that need the packages of the ecosystem; each test may run a program on both SDKs. */
export const describeEcosystem: DeclareSuite = (title, body) =>
  declare(title, () => {
    vi.setConfig({ testTimeout: 2 * DEADLINE_MILLIS + 10_000 });
    body();
  });

/** Whose SDK a program runs on. */
export type SdkName = 'spandrel' | 'upstream';

/** What a program did. */
export interface ProgramResult {
  /** Every span that arrived, in the order received. */
  readonly spans: ReceivedSpan[];
  readonly requests: readonly SeenRequest[];
  /** What it printed, a JSON value. */
  // biome-ignore lint/suspicious/noExplicitAny: each program prints what its test expects
  readonly output: any;
  readonly child: ChildResult;
}

/** The spans of one export request; what is no such request, by its path, has none. */
export function spansOfRequest({ path, headers, body }: SeenRequest): ReceivedSpan[] {
  if (!path.endsWith('/v1/traces')) return [];
  const plain = headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
  if (headers['content-type'] === 'application/json') return spansOf(JSON.parse(plain.toString()));
  keepBody(plain);
  return spansOf(otlpJsonByProtobufjs(plain));
}

/**
 * Runs a program until it ends by itself, with the endpoint of a fresh receiver in `OTEL_EXPORTER_OTLP_ENDPOINT`.
 * Fails unless it ends with 0 and says nothing on stderr, where spandrel would say a fault of tracing.
 */
export async function runProgram(
  name: string,
  sdk: SdkName,
  options: {
    arguments?: string[];
    environment?: Record<string, string>;
    /** Lines that are right to come on stderr. */
    expectedNoise?: RegExp;
    /** Whether it prints something else than one JSON value. */
    printsText?: boolean;
    /** Default: the Node that runs the tests. */
    node?: string;
  } = {},
): Promise<ProgramResult> {
  const receiver = await receive();
  const child = await run(`${ECOSYSTEM}programs/${name}.mjs`, {
    arguments: [sdk, ...(options.arguments ?? [])],
    deadlineMillis: DEADLINE_MILLIS,
    node: options.node,
    environment: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${receiver.port}`,
      OTEL_SERVICE_NAME: 'ecosystem',
      ...options.environment,
    },
  });
  const said = child.stderr
    .split('\n')
    .filter((line) => line !== '' && options.expectedNoise?.test(line) !== true);
  expect({ code: child.code, said }, `${name} on ${sdk}`).toEqual({ code: 0, said: [] });
  return {
    spans: receiver.requests.flatMap(spansOfRequest),
    requests: receiver.requests,
    output: options.printsText || child.stdout === '' ? undefined : JSON.parse(child.stdout),
    child,
  };
}

/** Runs a program on one of the two, with further variables. */
export type RunOn = (sdk: SdkName, environment?: Record<string, string>) => Promise<ProgramResult>;

/** The trees that arrived under each path, so that what one destination got is not mistaken for another's. */
export function treesByPath({ requests }: ProgramResult): Record<string, TraceTree[]> {
  const paths = [...new Set(requests.map(({ path }) => path))].sort();
  return Object.fromEntries(
    paths.map((path) => [
      path,
      traceTrees(requests.filter((request) => request.path === path).flatMap(spansOfRequest)),
    ]),
  );
}

/**
 * The same program on both, which must have said and recorded the same, apart from what `comparable` leaves out of
 * what it printed; spandrel's result.
 */
export async function sameOnBoth(
  runOn: RunOn,
  comparable: (output: ProgramResult['output']) => unknown = (output) => output,
): Promise<ProgramResult & { trees: TraceTree[] }> {
  const upstream = await runOn('upstream');
  expect(upstream.spans, 'spans of the program on opentelemetry-js').not.toEqual([]);
  const spandrel = await runOn('spandrel');
  return expectSame(spandrel, upstream, comparable);
}

/** As `sameOnBoth`, and the same again where a processor of no SDK makes spandrel's spans plain objects. */
export async function sameInBothModes(
  ...[runOn, comparable]: Parameters<typeof sameOnBoth>
): Promise<ProgramResult & { trees: TraceTree[] }> {
  const result = await sameOnBoth(runOn, comparable);
  const objects = await runOn('spandrel', { ECOSYSTEM_IDLE_PROCESSOR: 'yes' });
  expectSame(objects, result, comparable);
  return result;
}

function expectSame(
  result: ProgramResult,
  other: ProgramResult,
  comparable: (output: ProgramResult['output']) => unknown = (output) => output,
): ProgramResult & { trees: TraceTree[] } {
  const trees = traceTrees(result.spans);
  expect(outline(trees)).toEqual(outline(traceTrees(other.spans)));
  expect(treesByPath(result)).toEqual(treesByPath(other));
  expect(comparable(result.output)).toEqual(comparable(other.output));
  return { ...result, trees };
}
