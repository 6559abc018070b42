/** Programs under a fault: started, signalled and watched to their end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { write } from '../../helpers/api-child.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
/** A child that takes longer is ended: nothing that a test starts outlives it. */
const DEADLINE_MILLIS = 20_000;
const SDK_2 = fileURLToPath(new URL('../../versions/sdk-2/package.json', import.meta.url));

export interface Ending {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** From the last signal, or from the start when there was none, to the end, in milliseconds. */
  readonly millis: number;
}

export class Program {
  readonly #child: ChildProcess;
  readonly ended: Promise<Ending>;
  #stdout = '';
  #since = performance.now();

  constructor(file: string, { flags = [], environment = {} }: ProgramOptions = {}) {
    const inherited = Object.entries(process.env).filter(
      ([name]) => !/^(OTEL|SPANDREL|VITEST|NODE_)/.test(name),
    );
    const child = spawn(process.execPath, [...flags, file], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...Object.fromEntries(inherited), ...environment },
    });
    this.#child = child;
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      this.#stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    const deadline = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MILLIS);
    let millis = 0;
    child.on('exit', () => {
      millis = performance.now() - this.#since;
    });
    this.ended = new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        clearTimeout(deadline);
        resolve({ code, signal, stdout: this.#stdout, stderr, millis });
      });
    });
  }

  /** Resolves when the program has written `text` to stdout; rejects when it ends before. */
  async says(text: string): Promise<void> {
    while (!this.#stdout.includes(text)) {
      const more = new Promise((resolve) => this.#child.stdout?.once('data', resolve));
      const ended = this.ended.then(({ stdout, stderr }) => {
        if (!stdout.includes(text)) throw new Error(`ended without saying ${text}: ${stdout}${stderr}`);
      });
      await Promise.race([more, ended]);
    }
  }

  /** Sends a signal; the time to the end counts from here. */
  signal(signal: NodeJS.Signals): void {
    this.#since = performance.now();
    this.#child.kill(signal);
  }
}

interface ProgramOptions {
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts a file. Variables of this process that configure tracing are not passed on. */
export function start(file: string, options?: ProgramOptions): Program {
  return new Program(file, options);
}

/** A file that starts tracing with opentelemetry-js 2.12.1 as its documentation does, for `--import`. */
export function upstreamStart(): string {
  return write(
    `import { createRequire } from 'node:module';
    const { trace } = createRequire(import.meta.url)('@opentelemetry/api');
    const require = createRequire(${JSON.stringify(SDK_2)});
    const { BasicTracerProvider, BatchSpanProcessor } = require('@opentelemetry/sdk-trace-base');
    const { OTLPTraceExporter } = require('@opentelemetry/exporter-trace-otlp-proto');
    trace.setGlobalTracerProvider(
      new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] }),
    );`,
    'mjs',
  );
}

/** What the line about losses says; zeros without one. */
export function saidLost(stderr: string): { finished: number; open: number } {
  const line = stderr.split('\n').find((text) => text.includes('when the program'));
  return {
    finished: Number(/(\d+) finished spans were not sent/.exec(line ?? '')?.[1] ?? 0),
    open: Number(/not ended when the program did, and lost: (\d+)/.exec(line ?? '')?.[1] ?? 0),
  };
}
