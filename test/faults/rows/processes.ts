import type { FaultRow } from '../row.ts';

const MODES = ['arena', 'plug-in'] as const;
const NO_COUNTS = 'It keeps no such count.';
const WORKERS = 'faults/workers.test.ts: workers >';
const CLUSTER =
  'faults/processes.test.ts: processes of %s > that are %s deliver %i of 500 spans each, as their ledgers say';

export const PROCESSES: readonly FaultRow[] = [
  {
    id: 'process-worker-end',
    fault: 'Eight worker threads end by themselves',
    promise: 'All spans of each arrive, on Node 20, 22 and 24; nothing is printed',
    tests: ['faults/workers.test.ts: that end by themselves deliver everything, and say nothing'],
  },
  {
    id: 'process-worker-terminate',
    fault: '`terminate()` of four of eight workers, idle or while they send',
    promise: 'Lost are the unsent spans of those four, and no other',
    tests: [
      `${WORKERS} lose at terminate() what that worker had not sent, and nothing else`,
      `${WORKERS} that are terminated while they send leave the main thread and the others whole`,
    ],
    note: 'Nobody says what a terminated worker had not sent: no code of it runs any more. opentelemetry-js sends at 512 spans, and so had sent more of theirs; what the others had not sent at their end it lost too.',
  },
  {
    id: 'process-worker-exit',
    fault: '`process.exit()`, or an uncaught error, in a worker',
    promise: 'The number lost is printed; the other workers and the main thread lose nothing',
    tests: [
      `${WORKERS} that call process.exit() say how many spans that lost; the others deliver`,
      `${WORKERS} that throw end with their own error and say what that lost; the others deliver`,
    ],
    note: 'As above.',
  },
  {
    id: 'process-worker-memory',
    fault: 'No memory for the arena of a worker (`ulimit -v`)',
    promise:
      'None for WebAssembly: the TypeScript engine. None at all: said, nothing traced. The program goes on',
    tests: [
      'faults/workers.test.ts: for WebAssembly take the TypeScript engine, and deliver all the same',
      'faults/workers.test.ts: at all trace nothing and say so, and their program goes on',
    ],
    noUpstream: 'It has no arena to get memory for.',
  },
  {
    id: 'process-cluster-natural',
    fault: 'Processes of cluster and of `fork` end by themselves',
    promise: 'All spans of each arrive',
    tests: [CLUSTER],
  },
  {
    id: 'process-cluster-disconnected',
    fault: '`worker.disconnect()`',
    promise: 'All spans of each arrive',
    tests: [CLUSTER],
  },
  {
    id: 'process-cluster-killed',
    fault: '`worker.kill()` (SIGTERM) without the signal hook',
    promise: 'What was sent arrived; what was not is lost with the process, as its ledger says',
    tests: [CLUSTER],
  },
  {
    id: 'process-cluster-lost-primary',
    fault: 'A process of cluster loses its primary',
    promise: 'Node ends it by `process.exit()`: the number lost is printed',
    tests: [
      'faults/processes.test.ts: processes of cluster that lose their primary say how many spans that cost',
    ],
  },
  ...(['process', 'worker'] as const).map(
    (kind): FaultRow => ({
      id: `process-ids-${kind}`,
      fault: `Eight ${kind === 'process' ? 'processes' : 'workers'} make 10⁶ ids each, at the same moment`,
      promise: '0 equal span ids, 0 equal halves of trace ids',
      tests: ['faults/processes.test.ts: ids > of the spans of eight are unique, a %s each'],
    }),
  ),
  {
    id: 'process-ids-snapshot',
    fault: 'Processes start from one start-up snapshot',
    promise: '0 equal ids',
    tests: ['faults/processes.test.ts: ids > of processes that start from one snapshot differ'],
  },
  {
    id: 'process-ids-no-crypto',
    fault: 'A host without `crypto`',
    promise: 'Ids from `Math.random`, one warning',
    tests: ['faults/processes.test.ts: ids > are made, with one warning, where the host has no crypto'],
  },
  ...MODES.map(
    (mode): FaultRow => ({
      id: `process-abandoned-${mode}`,
      fault: `10⁶ spans that are never ended, in ${mode} mode`,
      promise: 'All are counted `abandoned`; the heap grows by less than 1 MB',
      tests: ['abandoned.test.ts: a million abandoned spans in %s mode are counted, and leave the heap flat'],
      note: 'opentelemetry-js keeps no such count.',
    }),
  ),
  {
    id: 'process-stall',
    fault: 'The event loop stands still for 12 s during an export of at most 10 s',
    promise: '0 false time-outs, 0 duplicates',
    tests: [
      'faults/clocks.test.ts: an event loop that stands still for longer than an export may take times out none, and repeats none',
    ],
  },
  {
    id: 'process-clock-date',
    fault: '`Date` jumps by an hour, both ways',
    promise: 'Retry spacing ±5 %; no span ends before it starts; durations right to 1 ms',
    tests: [
      'faults/clocks.test.ts: a wall clock that is set by an hour > in Date moves no retry, and no duration of a span',
    ],
  },
  {
    id: 'process-clock-faketime',
    fault: 'The system clock jumps by an hour, both ways (libfaketime)',
    promise: 'As above',
    tests: ['faults/clocks.test.ts: moves no retry, and no duration of a span'],
  },
  ...[20, 22, 24].map(
    (node): FaultRow => ({
      id: `process-idle-${node}`,
      fault: `Node ${node} with nothing to do, a connection kept alive`,
      promise: 'Nothing of ours in `process.getActiveResourcesInfo()`',
      note: 'Both end by themselves. The whole life has the loading of the SDK in it.',
      tests: ['faults/clocks.test.ts: is kept by nothing of ours, a kept-alive connection included'],
    }),
  ),
  ...MODES.map(
    (mode): FaultRow => ({
      id: `process-poisoned-${mode}`,
      fault: `The encoder fails at random, in ${mode} mode`,
      promise: 'Each fault costs the one span, counted; `end()` throws nothing',
      tests: [
        'faults/poisoned.test.ts: an encoder that fails, on the %s engine > loses the one span, in %s mode',
      ],
      noUpstream:
        'The faults are injected into our own encoder. What values cost that make its encoder throw is in "Hostile input".',
    }),
  ),
  {
    id: 'process-full-stack',
    fault: 'Spans in every frame near the end of the stack',
    promise: 'The numbers stay exact, later spans whole',
    tests: [
      'faults/poisoned.test.ts: a full stack, on the %s engine > leaves the numbers exact and the next spans whole, in %s mode',
    ],
    noUpstream: NO_COUNTS,
  },
  ...MODES.map(
    (mode): FaultRow => ({
      id: `process-ledger-${mode}`,
      fault: `Starts, ends, losses, answers of all kinds, flushes and shutdowns in any order, in ${mode} mode`,
      promise: '`stats()` equals a ledger kept apart after every step',
      tests: ['faults/ledger.test.ts: on the %s engine > stats() is exact after every step, in %s mode'],
      noUpstream: NO_COUNTS,
    }),
  ),
];
