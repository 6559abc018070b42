import type { FaultRow } from '../row.ts';

const CONTENT =
  'faults/shedding.test.ts: 20,000 spans of 8 KB while the receiver does not answer: none is lost, the last ones lose their content';

export const SHEDDING: readonly FaultRow[] = [
  {
    id: 'shedding-content',
    fault: 'The receiver does not answer while 20,000 spans with captured chats of 8 KB end',
    promise:
      'No span is dropped before captured content was left out: from 75 % of the arena a value is shortened to 1 KiB, still ' +
      'JSON, from 87.5 % left out, its length recorded. Names, ids, status, events and what the program sets stay whole.',
    tests: [
      CONTENT,
      'shedding.test.ts: $mode mode on the $engine engine > content is shortened before it is left out, and left out before a span is dropped',
      'shedding.test.ts: $mode mode on the $engine engine > attributes that the program sets are never touched, under the same key neither',
      'shedding.test.ts: an exporter that takes span objects > gets content shortened, then left out, before a span is dropped',
      'shorten-content.test.ts: JSON > stays JSON, is never longer than asked for, and what is kept is what was there',
    ],
    note: 'Default arena of 64 MiB; upstream has its default queue of 2,048 spans, whatever their size.',
  },
  {
    id: 'shedding-lines',
    fault: 'More is lost than anybody wants to read about',
    promise:
      'One line when a loss begins, with reason and cure, one when nothing was lost for 5 s, with the numbers; at most one ' +
      'such pair a minute, and the last one at the end of the program.',
    tests: [
      'faults/shedding.test.ts: in %s mode a loss is two lines, with the numbers',
      'loss-episode.test.ts: a loss is said when it begins, with reason and cure, and when it ends, with the numbers',
      'loss-episode.test.ts: of losses that come and go no more than a pair of lines a minute, and no number is lost',
      'loss-episode.test.ts: a loss that is not over when the program ends is said then, and keeps no program alive',
    ],
    note: 'An arena of 4 MiB, so that much is lost. Upstream tells a logger of level debug, when one is set, and says no number.',
  },
  {
    id: 'shedding-cpu',
    fault: 'Tracing takes more of the main thread than `maxCpuPercent`',
    promise:
      'Within nine seconds it comes down to the budget, measured from outside within twice of it: content is shortened, then ' +
      'left out unread, then whole new traces are not recorded, down to 1/64. It returns when the load falls, and does not ' +
      'go to and fro.',
    tests: [
      'faults/shedding.test.ts: tracing that takes too much of the main thread comes down to its budget, whatever is captured',
      'overhead.test.ts: the controller > settles within nine windows at constant load, then leaves its level only to look, ever more seldom',
      'overhead.test.ts: the controller > returns to full within half a minute when the load is gone, and when it falls to what is affordable',
      'overhead.test.ts: of new traces > with %s, whole ones are recorded, by their id',
    ],
    noUpstream: 'It has no such budget.',
  },
  {
    id: 'shedding-oversize',
    fault: 'A span larger than its staging: a captured value of 4 MiB beside 2 MiB of the program’s own',
    promise:
      'Its captured content is shortened, and nothing else; only where that is not enough strings are cut, and counted.',
    tests: [
      'shedding.test.ts: a span too large for its staging, in %s mode > has captured content shortened, never what the program set, and nothing is cut',
      'shedding.test.ts: a span too large for its staging, in %s mode > where that is not enough, what the program set is cut, and counted',
    ],
    noUpstream:
      'It has no staging that a span could be too large for; what it sends of large spans is in "The network".',
  },
];
