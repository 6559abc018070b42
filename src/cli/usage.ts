/** What the command is told, and what it answers to a call that it cannot do. */
export const USAGE = `Usage: spandrel eval [options] <file, folder or glob> …

Runs evaluation files: TypeScript or JavaScript that calls evaluate() of spandrel/experiments, or exports its options
as default. Of a folder, those that end in .eval.ts, .eval.js and the like.

  --filter <text>       only experiments whose name contains the text
  --concurrency <n>     items at once, or auto, in place of what the files say
  --resume[=<run>]      go on with the last run of each name, or with the run of that id or file
  --fail-on <rule>      end with 1 unless it holds for every experiment; may be repeated
                        accuracy>=0.8   duration_ms.p95<=2000   error_rate<=0.01   accuracy:regression[=0.02]
  --report <file>       write an HTML page; with several experiments, one for each
  --junit <file>        write JUnit XML, likewise
  --watch               run again when a file that was loaded changes
  --help, --version

Ends with 0 when all went well, 1 when a rule does not hold or an evaluation fails, 2 when the call is wrong.
`;

/** The call is wrong: nothing was run, or nothing that was asked for. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
