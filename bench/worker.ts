import type { BatchCase, BenchCase, ExportCase } from './corpus.ts';
import { measureExports, Receiver, type Sender, senderOf } from './export-block.ts';
import type { Job, JobAnswer, Task } from './job.ts';
import { type Contender, measureCold, measureWarm, runForProfile } from './measure.ts';
import type { Side } from './sdk.ts';
import { sdkFactory } from './sides.ts';

/** The child process of one case: reads its job from the command line, answers with one message, ends. */
const job: Job = JSON.parse(process.argv[2]);

/** Sides that this case cannot have here, each with its reason; the report prints them. */
const unavailable: string[] = [];

run(job).then(
  (results) => answer({ ok: true, results, unavailable }),
  (error: Error) => answer({ ok: false, error: error.stack ?? String(error) }),
);

function answer(message: JobAnswer): void {
  process.send?.(message, () => process.disconnect());
}

type Results = Extract<JobAnswer, { ok: true }>['results'];

async function run(task: Task): Promise<Results> {
  switch (task.kind) {
    case 'warm':
      return measureWarm(await contenders(task.caseName, task.sides), task.rounds, task.roundMillis);
    case 'cold':
      return [measureCold((await contenders(task.caseName, [task.side]))[0], task.garbage)];
    case 'export':
      return runExports(task.caseName, task.sides, task.exports);
    case 'profile':
      return runProfile(task.caseName, task.side, task.millis);
  }
}

async function contenders(caseName: string, sides: Side[]): Promise<Contender[]> {
  const opened: Contender[] = [];
  for (const side of sides) {
    const benchCase = await caseFor<BatchCase>(side, caseName);
    const factory = await sdkFactory(side, job.before);
    opened.push({ side, benchCase, sdk: await factory.open({ recording: benchCase.recording }) });
  }
  return opened;
}

/**
 * Each side imports a copy of the corpus of its own. With one shared copy, every `setAttribute` call in it would
 * have seen two to four SDKs' spans and be compiled for all of them, which no program of a user is.
 */
async function caseFor<Kind extends BenchCase>(side: Side, name: string): Promise<Kind> {
  const copy = new URL(`./corpus.mjs?side=${side}`, import.meta.url).href;
  const { caseNamed } = (await import(copy)) as typeof import('./corpus.ts');
  return caseNamed(name) as Kind;
}

async function runExports(caseName: string, sides: Side[], exports: number): Promise<Results> {
  const receiver = await Receiver.start();
  try {
    const senders: Sender[] = [];
    for (const side of sides) {
      const sender = await openSender(side, caseName, receiver.url);
      if (sender) senders.push(sender);
    }
    if (senders.length === 0) return [];
    return await measureExports(senders, receiver, exports);
  } finally {
    receiver.stop();
  }
}

async function openSender(side: Side, caseName: string, url: string): Promise<Sender | undefined> {
  try {
    const sdk = await (await sdkFactory(side, job.before)).openExporting(url);
    return senderOf(side, sdk, await caseFor<ExportCase>(side, caseName));
  } catch (error) {
    const { name, message } = error as Error;
    if (name !== 'SideUnavailable') throw error;
    unavailable.push(`${caseName} of ${side}: ${message}`);
    return undefined;
  }
}

async function runProfile(caseName: string, side: Side, millis: number): Promise<Results> {
  if ((await caseFor(side, caseName)).kind === 'export') return runExports(caseName, [side], 20);
  runForProfile((await contenders(caseName, [side]))[0], millis);
  return [];
}
