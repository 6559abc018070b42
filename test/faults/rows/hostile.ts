import type { FaultRow } from '../row.ts';

/** In every mode on every engine. */
const everywhere = (file: `fuzz/${string}.ts`, title: string): FaultRow['tests'] => [
  `${file}: on the %s engine > ${title}`,
];

export const HOSTILE: readonly FaultRow[] = [
  {
    id: 'hostile-values',
    fault:
      'Values that throw, recurse, have no end, change while they are read or trace themselves, in every place of the API',
    promise:
      '1,000,000 of them, both engines and both modes: 0 calls throw, 0 sound spans are lost, every batch decodes in protobufjs (samples in protoc), every attribute left out is counted',
    tests: everywhere(
      'fuzz/hostile-values.test.ts',
      'in %s mode, hostile values in every place throw nothing, lose no neighbour, always decode, and are counted',
    ),
    note: 'Options of `init` have a test of their own (fuzz/hostile-options.test.ts). opentelemetry-js gets 100,000 of the same, without those that have no end: it would read them for ever.',
  },
  {
    id: 'hostile-handles',
    fault:
      'Handles used after their end, ended twice, in the callbacks of others, by the hundred, and across a shutdown',
    promise:
      '1,000,000 random programs, both engines and both modes: each span has what was written to it while it was open, and nothing else',
    tests: everywhere(
      'fuzz/handle-programs.test.ts',
      'in %s mode, random programs over many handles write to no other span, and nothing after the end',
    ),
    noUpstream: 'It pools nothing, so there is nothing to compare.',
  },
  {
    id: 'hostile-parsers',
    fault: 'Headers, variables and answers made to break their parsers',
    promise:
      '10,000,000 inputs: 0 throw, what is accepted is sent on in a valid form and read so by others; time linear from 32 to 128 KiB',
    tests: [
      'fuzz/parsers.test.ts: answers > any bytes, as protobuf or JSON, give a count and one line of text',
      'fuzz/parsers.test.ts: answers > any status, headers and body give a result that the pipe knows',
      'fuzz/parsers.test.ts: answers > ExportTraceServiceResponse: sound ones are read as another decoder reads them',
    ],
    note: 'The headers of opentelemetry-js that are timed are those it has a parser for.',
  },
  {
    id: 'hostile-interleavings',
    fault: 'Flush, shutdown, export, end, answers of every kind, aborts and timers in any order',
    promise:
      '10,000 interleavings: the ledger is exact after each step, bytes in flight are never written to, a flush ends at its answers or its deadline, a second shutdown is the first one, nothing is sent after it',
    tests: [
      'fuzz/interleavings.test.ts: on the %s engine > any interleaving keeps the ledger exact and the bytes in flight whole, and comes to its end in time',
    ],
    note: 'A smaller number runs over real HTTP (fuzz/interleavings-http.test.ts). The clock is a fake one.',
    noUpstream: 'It keeps no ledger and has no answer to hold a flush against.',
  },
  {
    id: 'hostile-text',
    fault: 'Lone surrogates, NUL and limits in the middle of a character',
    promise: 'at every length limit from 0 to 64 each request is valid UTF-8, cut between characters',
    tests: everywhere(
      'fuzz/truncation.test.ts',
      'in %s mode, a limit of 0 to 64 cuts between characters, everywhere',
    ),
    note: 'Exhaustive. Half a character is a surrogate pair that was cut between its halves; opentelemetry-js counts UTF-16 units.',
  },
  {
    id: 'hostile-lengths',
    fault: 'Lengths of 2^31 - 1, 2^31 and 2^32 - 1; an arena that is exactly full',
    promise: 'refused and counted, with no byte written',
    tests: [
      'fuzz/engine-limits.test.ts: on the %s engine > an arena that is exactly full refuses every further span, at every offset of the last block',
    ],
    note: 'Exhaustive; nothing is written at any of them.',
    noUpstream: 'It has no arena.',
  },
];
