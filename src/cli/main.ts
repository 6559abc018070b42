/** The `spandrel` command. */
import { VERSION } from '../version.ts';
import { parseEval } from './parse-eval.ts';
import { runEval } from './run-eval.ts';
import { USAGE, UsageError } from './usage.ts';
import { watchEval } from './watch.ts';

const WRONG_CALL = 2;
/** How long after the end something of the files may keep the process alive, in milliseconds. */
const LINGER_MILLIS = 5_000;

/** Runs a command line, and sets the exit code. Never rejects. */
export async function main(script: string, words: readonly string[]): Promise<void> {
  try {
    await runCommand(script, words);
  } catch (fault) {
    if (!(fault instanceof UsageError)) {
      process.stderr.write(`spandrel: ${fault instanceof Error ? fault.message : String(fault)}\n`);
      process.exitCode = 1;
      return;
    }
    process.stderr.write(`spandrel: ${fault.message}\n\`spandrel --help\` says what there is.\n`);
    process.exitCode = WRONG_CALL;
  }
}

async function runCommand(script: string, words: readonly string[]): Promise<void> {
  const [command, ...rest] = words;
  const end = words.indexOf('--');
  const before = end < 0 ? words : words.slice(0, end);
  if (before.includes('--help') || before.includes('-h')) {
    process.stdout.write(USAGE);
  } else if (command === '--version') {
    process.stdout.write(`${VERSION}\n`);
  } else if (command === 'eval') {
    const options = parseEval(rest);
    if (options.watch) {
      await watchEval(options, script, words);
      return;
    }
    const code = await runEval(options);
    // An interrupted run has said its own.
    process.exitCode ||= code;
    endSoon();
  } else {
    throw new UsageError(
      command === undefined ? 'expected a command: eval.' : `expected the command eval, got ${command}.`,
    );
  }
}

/** What a file left open, such as a pool of connections, may not keep a build waiting. */
function endSoon(): void {
  process.channel?.unref();
  setTimeout(() => {
    process.stderr.write('spandrel: something that a file opened is still open; ended all the same.\n');
    process.exit();
  }, LINGER_MILLIS).unref();
}
