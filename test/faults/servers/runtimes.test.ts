/** The built package on Node, Deno and Bun: one program a behaviour, the same on each. */
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FlushResult } from '../../../src/api/flush-result.ts';
import type { Stats } from '../../../src/init.ts';
import type { ChildResult } from '../../helpers/api-child.ts';
import { type OtlpReceiver, receiveOtlp } from '../../helpers/api-receiver.ts';
import { requireCounterpart } from '../../helpers/counterparts.ts';
import { accept, receive, refusingPort } from '../../helpers/fault-server.ts';
import {
  BUN,
  DENO,
  Installation,
  NODE,
  probeRuntime,
  type RunOptions,
  type Runtime,
} from '../../helpers/runtimes.ts';
import { keepFigures, WRITES_FIGURES } from '../figures.ts';
import { expectBalance, expectDelivered } from './ledger.ts';
import { SPANDREL, UPSTREAM } from './programs.ts';

const COMMAND = 'SPANDREL_FIGURES=write npx vitest run test/faults/servers/runtimes.test.ts';
/** Promised at most, of a process whose receiver never answers; asserted at twice that. */
const EXIT_MILLIS = 1_000;

const FINISH = `${SPANDREL} finish(100);`;
const FLUSH = `${FINISH} console.log(JSON.stringify(await flush()));`;

/** What was measured on every runtime, by row. */
const figures: Record<string, { spandrel: Record<string, number>; upstream: Record<string, number> }> = {};

function note(id: string, side: 'spandrel' | 'upstream', what: string, value: number): void {
  figures[id] ??= { spandrel: {}, upstream: {} };
  figures[id][side][what] = Math.round(value);
}

afterAll(() => {
  for (const [id, { spandrel, upstream }] of Object.entries(figures)) {
    keepFigures(id, COMMAND, spandrel, Object.keys(upstream).length === 0 ? undefined : upstream);
  }
});

const ledgerOf = ({ stdout }: ChildResult): Stats => JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
const firstLineOf = <Line>({ stdout }: ChildResult): Line => JSON.parse(stdout.split('\n')[0]);
const linesOf = ({ stderr }: ChildResult): string[] => stderr.split('\n').filter((line) => line !== '');

/** Takes everything of a request, then lets `answer` use the connection; both are counted from 0. */
function acceptRequests(answer: (socket: Socket, request: number, connection: number) => void) {
  let requests = 0;
  return accept((socket, connection) => {
    let text = '';
    socket.setEncoding('latin1').on('data', (piece: string) => {
      text += piece;
      const [head, body] = text.split('\r\n\r\n', 2);
      const length = Number(/^content-length: (\d+)/im.exec(head)?.[1]);
      if (body === undefined || body.length < length) return;
      text = '';
      answer(socket, requests, connection);
      requests += 1;
    });
  });
}

function declareRuntime(runtime: Runtime): void {
  let installation: Installation;
  let count = 0;
  /** Of the program whose receiver answers. */
  let healthyMillis = 0;
  let healthyUpstreamMillis = 0;

  beforeAll(() => {
    installation = new Installation();
  });

  afterAll(() => installation?.remove());

  function run(source: string, url: string, options: RunOptions = {}): Promise<ChildResult> {
    count += 1;
    const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: url, ...options.environment };
    return installation.run(runtime, installation.add(`program-${count}.mjs`, source), {
      ...options,
      environment,
    });
  }

  /** opentelemetry-js may read its own files. */
  function runUpstream(source: string, url: string): Promise<ChildResult> {
    return run(`${UPSTREAM} ${source}`, url, {
      flags: runtime === DENO ? ['--allow-read', '--allow-sys'] : [],
    });
  }

  function expectWholeDelivery(result: ChildResult, receiver: OtlpReceiver): void {
    expect({ code: result.code, stderr: result.stderr }).toEqual({ code: 0, stderr: '' });
    expect(ledgerOf(result)).toMatchObject({ engine: 'wasm', mode: 'arena', started: 100, exported: 100 });
    expectDelivered(ledgerOf(result), receiver.spans);
  }

  test('delivers at its natural end, without a call', async () => {
    const receiver = await receiveOtlp();
    const result = await run(FINISH, receiver.base);
    expectWholeDelivery(result, receiver);
    healthyMillis = result.millis;
    const what = `${runtime.name}: delivered spans of 100`;
    note('servers-natural-end', 'spandrel', what, receiver.spans.length);
    if (!WRITES_FIGURES) return;
    const other = await receiveOtlp();
    const rival = await runUpstream('finish(100);', other.base);
    healthyUpstreamMillis = rival.millis;
    note('servers-natural-end', 'upstream', what, other.spans.length);
  });

  test.each(['none', 'gzip'])(
    'delivers by flush, compression %s, and ends although a connection is open',
    async (compression) => {
      const receiver = await receiveOtlp();
      const environment = { OTEL_EXPORTER_OTLP_COMPRESSION: compression };
      const result = await run(FLUSH, receiver.base, { environment });
      expect(firstLineOf<FlushResult>(result)).toMatchObject({ exported: 100, dropped: 0, waiting: 0 });
      expectWholeDelivery(result, receiver);
    },
  );

  test('keeps parents across awaits', async () => {
    const receiver = await receiveOtlp();
    const source = `${SPANDREL}
      const answer = trace(async function answer() {
        await new Promise((resolve) => setTimeout(resolve, 1));
        return span('look up', async () => 1);
      });
      await Promise.all([answer(), answer()]);`;
    const result = await run(source, receiver.base);
    expect(linesOf(result)).toEqual([]);
    expectDelivered(ledgerOf(result), receiver.spans);
    const parents = receiver.spans.filter(({ name }) => name === 'answer').map(({ spanId }) => spanId);
    const children = receiver.spans.filter(({ name }) => name === 'look up');
    expect(children.map(({ parentSpanId }) => parentSpanId).sort()).toEqual(parents.sort());
  });

  test('keeps what a refused connection did not take, until there is one that does', async () => {
    const port = await refusingPort();
    let receiver: Promise<OtlpReceiver> | undefined;
    const source = `${FINISH}
      await flush(200);
      console.log(JSON.stringify(stats()));
      while (stats().waiting > 0) await flush(600);`;
    const result = await run(source, `http://127.0.0.1:${port}`, {
      onOutput: () => {
        receiver ??= receiveOtlp(undefined, port);
      },
    });
    expect(firstLineOf<Stats>(result)).toMatchObject({ waiting: 100, exported: 0 });
    expect(firstLineOf<Stats>(result).lastError).toMatch(/: ECONNREFUSED$/);
    expectBalance(firstLineOf<Stats>(result));
    expect(linesOf(result)).toEqual([expect.stringMatching(/ECONNREFUSED\. 100 spans are kept/)]);
    expectDelivered(ledgerOf(result), (await receiver)?.spans ?? []);
    expect(ledgerOf(result).exported).toBe(100);
    const what = `${runtime.name}: delivered spans of 100`;
    note('servers-refused', 'spandrel', what, (await receiver)?.spans.length ?? 0);
    if (WRITES_FIGURES) note('servers-refused', 'upstream', what, await upstreamRefused());
  });

  /** What it delivers of the same, when the receiver is there after as long. */
  async function upstreamRefused(): Promise<number> {
    const port = await refusingPort();
    const source = `${UPSTREAM}
      finish(100);
      setTimeout(() => console.log('refused'), 200);
      await flush();`;
    let receiver: Promise<OtlpReceiver> | undefined;
    await run(source, `http://127.0.0.1:${port}`, {
      flags: runtime === DENO ? ['--allow-read', '--allow-sys'] : [],
      onOutput: () => {
        receiver ??= receiveOtlp(undefined, port);
      },
    });
    return (await receiver)?.spans.length ?? 0;
  }

  async function cutOff(how: string, send: (url: string) => Promise<ChildResult>) {
    let requests = 0;
    const server = await acceptRequests((socket) => {
      requests += 1;
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncut');
      // A reset throws away what the other side has not read yet, the status line as well.
      setTimeout(() => (how === 'reset' ? socket.resetAndDestroy() : socket.end()), 100);
    });
    return { result: await send(`http://127.0.0.1:${server.port}`), requests };
  }

  test.each(['reset', 'end'])(
    'counts a success once when the answer is cut off in its body (%s)',
    async (how) => {
      const { result, requests } = await cutOff(how, (url) => run(FLUSH, url));
      expect(linesOf(result)).toEqual([]);
      expect(requests).toBe(1);
      expect(firstLineOf<FlushResult>(result)).toMatchObject({ exported: 100, dropped: 0 });
      expect(ledgerOf(result)).toMatchObject({ exported: 100 });
      expectBalance(ledgerOf(result));
      note('servers-cut', 'spandrel', `${runtime.name}, ${how}: requests`, requests);
      if (!WRITES_FIGURES) return;
      const rival = await cutOff(how, (url) => runUpstream('finish(100); await flush();', url));
      note('servers-cut', 'upstream', `${runtime.name}, ${how}: requests`, rival.requests);
    },
  );

  test('takes a fresh connection at once when the kept one was closed', async () => {
    const requests: number[] = [];
    const server = await acceptRequests((socket, request, connection) => {
      requests.push(connection);
      if (request === 1) socket.destroy();
      else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
    });
    const source = `${SPANDREL} finish(50); await flush(); finish(50); await flush();`;
    const result = await run(source, `http://127.0.0.1:${server.port}`);
    expect(linesOf(result)).toEqual([]);
    expect(requests).toEqual([0, 0, 1]);
    expect(ledgerOf(result)).toMatchObject({ exported: 100, waiting: 0 });
    expectBalance(ledgerOf(result));
  });

  test('does not follow a redirect, and shows the second host nothing', async () => {
    const second = await receiveOtlp();
    const first = await receive((response) => {
      response.writeHead(307, { location: `http://localhost:${second.port}/v1/traces` }).end();
    });
    const environment = { OTEL_EXPORTER_OTLP_HEADERS: 'x-api-key=canary-key' };
    const result = await run(FLUSH, `http://127.0.0.1:${first.port}`, { environment });
    expect(first.requests).toHaveLength(1);
    expect(second.connections).toHaveLength(0);
    expect(linesOf(result)).toEqual([expect.stringMatching(/100 spans lost: HTTP 307 .*not followed/)]);
    expect(ledgerOf(result)).toMatchObject({ exported: 0, failed: 100 });
    expectBalance(ledgerOf(result));
    const what = `${runtime.name}: requests at the second host`;
    note('servers-redirect-runtimes', 'spandrel', what, second.requests.length);
    if (!WRITES_FIGURES) return;
    await runUpstream('finish(100); await flush();', `http://127.0.0.1:${first.port}`);
    note('servers-redirect-runtimes', 'upstream', what, second.requests.length);
  });

  test('ends although the receiver never answers, and says what was not sent', async () => {
    const server = await accept((socket) => socket.resume());
    const result = await run(FINISH, `http://127.0.0.1:${server.port}`);
    expect(result.code).toBe(0);
    expect(result.millis - healthyMillis).toBeLessThan(2 * EXIT_MILLIS);
    expect(linesOf(result)).toEqual([expect.stringMatching(/100 finished spans were not sent/)]);
    expect(ledgerOf(result)).toMatchObject({ waiting: 100, exported: 0 });
    expectBalance(ledgerOf(result));
    const what = `${runtime.name}: exit later than with a healthy receiver, ms`;
    note('servers-hung', 'spandrel', what, result.millis - healthyMillis);
    if (!WRITES_FIGURES) return;
    const other = await accept((socket) => socket.resume());
    // A full batch is under way when the program ends.
    const rival = await runUpstream('finish(512);', `http://127.0.0.1:${other.port}`);
    note('servers-hung', 'upstream', what, rival.millis - healthyUpstreamMillis);
  });

  test.each([
    ['process.exit(5)', 5],
    ['setTimeout(fail)', 1],
    ['Promise.resolve().then(fail)', 1],
  ])('says in one line what %s takes with it, and ends as it would have', async (ending, code) => {
    const receiver = await receiveOtlp();
    const tracing = `import { init, startSpan } from 'spandrel';
      init();
      for (const name of ['a', 'b']) startSpan(name).end();
      globalThis.open = startSpan('open');`;
    const end = `function fail() { throw new TypeError('of the program'); } ${ending};`;
    const [result, without] = [
      await run(`${tracing} ${end}`, receiver.base),
      await run(`import process from 'node:process'; ${end}`, receiver.base),
    ];
    expect([result.code, without.code]).toEqual([code, code]);
    expect(linesOf(result).filter((line) => line.startsWith('spandrel: '))).toEqual([
      expect.stringMatching(/: 2 finished spans were not sent .* lost: 1\.$/),
    ]);
    expect(result.stderr.includes('of the program')).toBe(code === 1);
    expect(receiver.requests).toHaveLength(0);
  });
}

for (const runtime of [NODE, DENO, BUN]) {
  const declare = requireCounterpart(runtime.name, () => probeRuntime(runtime));
  declare(`the built package on ${runtime.name}`, () => declareRuntime(runtime));
}

requireCounterpart(DENO.name, () => probeRuntime(DENO))('Deno with few permissions', () => {
  let installation: Installation;

  beforeAll(() => {
    installation = new Installation();
  });

  afterAll(() => installation?.remove());

  function run(permissions: readonly string[], url: string, environment: Record<string, string> = {}) {
    const runtime = { ...DENO, parameters: ['run', '--no-prompt', ...permissions] };
    const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: url, ...environment };
    return installation.run(runtime, installation.add('few.mjs', FINISH), { environment: variables });
  }

  test('sends with the network and the environment alone, resource detectors included', async () => {
    const receiver = await receiveOtlp();
    const environment = { OTEL_NODE_RESOURCE_DETECTORS: 'all' };
    const result = await run(['--allow-net', '--allow-env'], receiver.base, environment);
    expect({ code: result.code, stderr: result.stderr }).toEqual({ code: 0, stderr: '' });
    expect(ledgerOf(result)).toMatchObject({ engine: 'wasm', exported: 100 });
    expectDelivered(ledgerOf(result), receiver.spans);
    const what = 'network and environment: delivered spans of 100';
    note('servers-deno-permissions', 'spandrel', what, receiver.spans.length);
    if (WRITES_FIGURES) note('servers-deno-permissions', 'upstream', what, await upstreamDelivered());
  });

  /** Of opentelemetry-js, in one file, so that it need not read its own. */
  async function upstreamDelivered(): Promise<number> {
    const receiver = await receiveOtlp();
    const folder = fileURLToPath(new URL('../../versions/sdk-2/', import.meta.url));
    const contents = `
      import { BasicTracerProvider, BatchSpanProcessor } from '@opentelemetry/sdk-trace-base';
      import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
      const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] });
      for (let index = 0; index < 100; index += 1) provider.getTracer('t').startSpan('work').end();
      await provider.forceFlush();`;
    const banner = {
      js: "import { createRequire } from 'node:module'; const require = createRequire('file:///x');",
    };
    const { outputFiles } = await build({
      ...{ stdin: { contents, resolveDir: folder }, bundle: true, write: false, banner },
      ...{ platform: 'node', format: 'esm', logLevel: 'silent' },
    });
    const runtime = { ...DENO, parameters: ['run', '--no-prompt', '--allow-net', '--allow-env'] };
    await installation.run(runtime, installation.add('upstream.mjs', outputFiles[0].text), {
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.base },
    });
    return receiver.spans.length;
  }

  test('says which permission is missing for the network, and ends', async () => {
    const receiver = await receiveOtlp();
    const result = await run(['--allow-env'], receiver.base);
    expect(result.code).toBe(0);
    expect(receiver.connections).toHaveLength(0);
    expect(ledgerOf(result)).toMatchObject({ waiting: 100, exported: 0 });
    expectBalance(ledgerOf(result));
    expect(linesOf(result)).toEqual([
      expect.stringMatching(/^spandrel: export not finished: .*: NotCapable\. 100 spans are kept/),
      expect.stringMatching(/^spandrel: 100 finished spans were not sent/),
    ]);
  });

  test('does not send without the authority it may not read', async () => {
    const receiver = await receiveOtlp();
    const environment = { OTEL_EXPORTER_OTLP_CERTIFICATE: '/ca.pem' };
    const result = await run(['--allow-net', '--allow-env'], receiver.base, environment);
    expect(receiver.connections).toHaveLength(0);
    expect(linesOf(result)).toEqual([
      expect.stringMatching(/tracing is off: OTEL_EXPORTER_OTLP_CERTIFICATE .* got NotCapable/),
    ]);
  });
});
