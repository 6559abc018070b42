import type { FaultRow } from '../row.ts';

export const LONG: readonly FaultRow[] = [
  {
    id: 'long-outage',
    fault: 'The collector refuses connections for 10 minutes, at 100 spans/s of 1 KB',
    promise:
      '0 of 60,000 spans lost in 64 MiB; at most 65 attempts; the first that gets through comes within 30 s of the ' +
      'return, all that waited within 10 s of that',
    tests: [
      'faults/long-outage.test.ts: long > outage: ten minutes at 100 spans/s of 1 KB, %s',
      'pipe.test.ts: a destination that gives no final answer > after ten minutes away gets all 60,000 spans, having been tried at most 45 times',
    ],
    note: 'opentelemetry-js: an outage of one minute.',
  },
  {
    id: 'burst',
    fault: 'A million small spans in one tick',
    promise:
      'At least 300,000 kept in 64 MiB and delivered, the rest counted exactly by reason; RSS grows by at most 64 + 32 MiB',
    tests: ['faults/long-large.test.ts: long > burst: a million spans in one tick, %s'],
  },
  {
    id: 'rate',
    fault: 'A million spans at 100,000 a second, yielding',
    promise: '0 lost',
    tests: ['faults/long-large.test.ts: long > rate: a million spans at 100,000 a second, yielding, %s'],
  },
  {
    id: 'black-hole',
    fault: 'The collector takes requests and never answers, while 2,048 spans of 1 MB end at 200 a second',
    promise: 'What waits is bounded in bytes: RSS grows by at most 64 + 32 MiB, what does not fit is counted',
    tests: ['faults/long-large.test.ts: long > black hole: 2,048 spans of 1 MB that nobody takes, %s'],
  },
  {
    id: 'soak',
    fault: 'An hour at 10,000 spans/s',
    promise: '0 lost; the heap after collection grows by less than 1 MB/h, RSS by at most 64 + 64 MiB',
    tests: ['faults/long-soak.test.ts: long > soak: an hour at 10,000 spans/s, %s'],
    note: 'In figures of less than 30 minutes the slope is noise.',
  },
];
