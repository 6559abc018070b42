import type { FaultRow } from '../row.ts';

const SIGNALS = 'faults/exits/signals.test.ts';
const ENDINGS = 'faults/exits/endings.test.ts';

export const EXITS: readonly FaultRow[] = [
  {
    id: 'exit-sigterm',
    fault: 'SIGTERM at a random moment, `flushOnSignals`',
    promise:
      'All that had finished before it is delivered, exit within 500 ms with code 143; what ends or is open meanwhile is ' +
      'said, exactly',
    tests: [
      `${SIGNALS}: a program that gets SIGTERM > has sent whatever had finished, at any moment, and says exactly what ended or was open meanwhile`,
      `${SIGNALS}: a program that gets SIGTERM > %s: a shell sees exit code %i`,
      `${SIGNALS}: a program with a listener of its own > is flushed, and decides how it ends, however and whenever it listens`,
      `${SIGNALS}: a program with a listener of its own > that ends nothing gets the next signal as well, and each is flushed for`,
      `${SIGNALS}: a program with a listener of its own > two copies of the package flush both, and the signal still ends it`,
      `${SIGNALS}: a program with a listener of its own > in a worker thread the option does nothing: workers get no signals`,
      'platforms/platforms.test.ts: version %s: both do their work, and the signal ends the program',
    ],
    note: 'Upstream has no listener for signals. Of ours, only what the option asks for: without it the signal ends the program as ever.',
  },
  {
    id: 'exit-sigterm-unreachable',
    fault: 'SIGTERM while the receiver refuses, never answers, or asked to be left alone',
    promise:
      'Exit within 2.0 s (± 0.2), at once where no try could come in time, code 143; the number lost is said',
    tests: [
      `${SIGNALS}: SIGTERM while a receiver > %s: ends in two seconds and says what is lost`,
      `${SIGNALS}: SIGTERM while a receiver > never answers: a second signal ends it at once`,
      'pipe-flush.test.ts: the last flush > (%j) gives up, of two seconds, after %d ms: when its next try would come too late',
      'pipe-flush.test.ts: the last flush > (%j) ends after %d ms when the destination asked for a longer pause',
    ],
    note: 'Upstream has nothing to wait with: the signal ends the program at once, and the spans are lost unsaid. Measured on a loaded machine (8 processes).',
  },
  {
    id: 'exit-natural',
    fault: 'A program that ends by itself',
    promise: 'Everything is delivered; the exit code is its own',
    tests: [
      `${ENDINGS}: a program that ends by itself > has everything delivered, and its exit code`,
      'exit.test.ts: a program that ends by itself > delivers what it traced, without a call to flush or shutdown',
      'exit.test.ts: a program that ends by itself > delivers spans that end while the last flush is under way',
    ],
  },
  {
    id: 'exit-natural-unreachable',
    fault: 'A program that ends by itself, 512 spans waiting, receiver away',
    promise: 'Ends at most 1.0 s later than without tracing; the number lost is said',
    tests: [
      `${ENDINGS}: a program that ends by itself > while its receiver %s, ends within a second more, and says what is lost`,
    ],
  },
  {
    id: 'exit-abrupt',
    fault: '`process.exit`, an uncaught error, an unhandled rejection',
    promise:
      'Exit code, stdout and stderr are byte for byte those of a run without tracing, but for one line with the exact ' +
      'number of finished and open spans lost',
    tests: [
      `${ENDINGS}: a program that ends abruptly > by %s: the same bytes and code as without tracing, and one line with the number lost`,
      `${ENDINGS}: a program that ends abruptly > has said every loss: what the receiver counted and what is said add up to what was started`,
      `${ENDINGS}: a program that ends abruptly > that listens for uncaught errors goes on, and delivers everything at its end`,
      'faults/servers/runtimes.test.ts: says in one line what %s takes with it, and ends as it would have',
      'exit-hooks.test.ts: an uncaught error on Deno, which brings no exit event > is when the loss is said, and once where exit follows',
      'exit-hooks.test.ts: listeners > by default: none that changes how a program ends',
    ],
  },
  {
    id: 'exit-idle',
    fault: 'A program that has nothing left to do',
    promise:
      'Ends at most 20 ms later than without tracing; nothing of ours in `process.getActiveResourcesInfo()`',
    tests: [
      `${ENDINGS}: a program that ends by itself > keeps nothing that holds a process: no resources of ours, and no later end`,
    ],
    note: 'A kept-alive connection and `flushOnSignals` included.',
  },
  {
    id: 'exit-serverless',
    fault: 'A platform that freezes a function after its response',
    promise: 'On Vercel, Next.js and Netlify each request is held once, until its spans were answered for',
    tests: [
      'request-flushes.test.ts: %s > in %s mode, each request is held once, until all its spans were answered for',
      'request-flushes.test.ts: a platform > waits for spans that end while an earlier flush of the request is under way',
      'request-flushes.test.ts: a platform > that comes after init() is not looked for: spans elsewhere cost what they did',
      'platforms/platforms.test.ts: @vercel/functions 3.9 finds the request where ours does, and it waits for the spans',
      'platforms/platforms.test.ts: @netlify/runtime 4.1 shows the request where ours looks, and it waits for the spans',
      'serverless-guide.test.ts: answers in time when nobody takes the spans, and says how many wait',
    ],
    note: 'Next.js is a stand-in of the same contract.',
    noUpstream: 'It has nothing of the kind; `@vercel/otel` has it for Vercel.',
  },
];
