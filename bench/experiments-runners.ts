/** One experiment by each runner: the same rows, the same calls, as many at once. Run in a process of its own. */
import { Agent, get } from 'node:http';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ROOT } from './repository.ts';

/** What a runner is given. */
export interface Work {
  readonly base: string;
  readonly latencies: readonly number[];
  readonly concurrency: number;
  /** For files of ours; taken away by the bench. */
  readonly folder: string;
}

type Call = (row: number) => Promise<string>;
type Runner = (work: Work, call: Call) => Promise<void>;

const rivals = createRequire(join(ROOT, 'bench/rivals-experiments/package.json'));
// biome-ignore lint/suspicious/noExplicitAny: packages that are installed apart have no types here
const load = (name: string): Promise<any> => import(pathToFileURL(rivals.resolve(name)).href);

async function spandrel(
  { base, latencies, concurrency, folder }: Work,
  call: Call,
  isTraced: boolean,
): Promise<void> {
  const entry = (name: string) => pathToFileURL(join(ROOT, `dist/esm/${name}.mjs`)).href;
  const { evaluate } = await import(entry('experiments'));
  if (isTraced) (await import(entry('index'))).init({ endpoint: base });
  await evaluate({
    task: ({ inputs }: { inputs: number }) => call(inputs),
    data: latencies.map((_, row) => row),
    evaluators: [({ output }: { output: string }) => output.length],
    concurrency,
    directory: folder,
    progress: 'none',
  });
}

export const RUNNERS: Readonly<Record<string, Runner>> = {
  'p-limit': async ({ latencies, concurrency }, call) => {
    const { default: pLimit } = await load('p-limit');
    const limit = pLimit(concurrency);
    await Promise.all(latencies.map((_, row) => limit(async () => (await call(row)).length)));
  },
  spandrel: (work, call) => spandrel(work, call, false),
  'spandrel, traced': (work, call) => spandrel(work, call, true),
  braintrust: async ({ latencies, concurrency }, call) => {
    const { Eval } = await load('braintrust');
    const scores = [
      ({ output }: { output: string }) => ({ name: 'length', score: output.length > 0 ? 1 : 0 }),
    ];
    const data = () => latencies.map((_, row) => ({ input: row }));
    const options = { noSendLogs: true, progress: silent, reporter: quiet };
    await Eval('bench', { data, task: call, scores, maxConcurrency: concurrency }, options);
  },
  langfuse: async ({ base, latencies, concurrency }, call) => {
    const { LangfuseClient } = await load('@langfuse/client');
    const client = new LangfuseClient({ publicKey: 'pk', secretKey: 'sk', baseUrl: base });
    await client.experiment.run({
      name: 'bench',
      data: latencies.map((_, row) => ({ input: row })),
      task: ({ input }: { input: number }) => call(input),
      evaluators: [async ({ output }: { output: string }) => ({ name: 'length', value: output.length })],
      maxConcurrency: concurrency,
    });
  },
  langsmith: async ({ base, latencies, concurrency }, call) => {
    const { evaluate } = await load('langsmith/evaluation');
    const { Client } = await load('langsmith');
    const id = '00000000-0000-4000-8000-000000000000';
    const examples = latencies.map((_, row) => ({
      id: `00000000-0000-4000-8000-${String(row).padStart(12, '0')}`,
      inputs: { row },
      outputs: {},
      dataset_id: id,
      created_at: new Date(0).toISOString(),
      modified_at: new Date(0).toISOString(),
      runs: [],
    }));
    const client = new Client({ apiUrl: base, apiKey: 'key', autoBatchTracing: true });
    await evaluate(async ({ row }: { row: number }) => ({ text: await call(row) }), {
      data: examples,
      evaluators: [
        ({ outputs }: { outputs: { text: string } }) => ({ key: 'length', score: outputs.text.length }),
      ],
      maxConcurrency: concurrency,
      client,
    });
  },
};

const silent = { start: () => {}, stop: () => {}, increment: () => {}, setTotal: () => {} };
const quiet = { name: 'quiet', reportEval: () => true, reportRun: () => true };

/** The call that every runner makes: one request on a connection that is kept. */
export function caller({ base, latencies, concurrency }: Work): { call: Call; close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const call: Call = (row) =>
    new Promise((resolve, reject) => {
      get(`${base}/model?ms=${latencies[row]}`, { agent }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (piece) => {
          text += piece;
        });
        response.on('end', () => resolve(text)).on('error', reject);
      }).on('error', reject);
    });
  return { call, close: () => agent.destroy() };
}
