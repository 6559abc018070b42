import type { FaultRow } from '../row.ts';

const ATTEMPT =
  'faults/network-slow.test.ts: an attempt ends at its total deadline, and nothing is lost > %s: %s';
const AGAIN = [
  'faults/network-broken.test.ts: a connection that breaks > %s: the request is sent again after %s',
  'faults/network-broken.test.ts: over TLS > %s: the request is sent again after %s',
] as const;
const ONCE = [
  'faults/network-broken.test.ts: a connection that breaks > %s: the request is sent once in spite of %s',
  'faults/network-broken.test.ts: over TLS > %s: the request is sent once in spite of %s',
] as const;

export const NETWORK: readonly FaultRow[] = [
  {
    id: 'outage',
    fault: 'The collector refuses connections, at 1,000 spans/s',
    promise:
      '0 lost; the first attempt that gets through comes within 30 s of the return, all that waited within 10 s of that',
    tests: [
      'faults/network-outage.test.ts: a collector that is away > for some seconds at 1,000 spans/s costs no span',
      'pipe.test.ts: a destination that gives no final answer > after ten minutes away gets all 60,000 spans, having been tried at most 45 times',
    ],
    note: 'Every run has an outage of 3 s; the figures are of 60 s. Nobody tells us that a collector is back: a pause of up to 30 s runs out first, or a flush cuts it. Duplicates: the outage began by a reset before the answer.',
  },
  {
    id: 'attempts',
    fault: 'Ten minutes away: how often it is tried',
    promise: 'At most 65 attempts',
    tests: [
      'faults/network-pipe.test.ts: a collector that is away for ten minutes is tried at most 65 times',
    ],
    note: 'Full jitter under a ceiling of 30 s makes 15 s of the mean pause, so some 43 attempts. opentelemetry-js gives a batch up within its time-out of 10 s: its figures are of 200 clients with one batch each.',
  },
  {
    id: 'jitter',
    fault: 'Two clients lose the same collector at the same time',
    promise:
      'The pauses of one tell nothing of those of the other: correlation under 0.2; 500 ms to 30 s each',
    tests: [
      'faults/network-pipe.test.ts: two clients that lost the same collector at the same time do not come back together',
      'retry.test.ts: retryDelayMillis > pauses are spread over the whole range, so that clients do not come back together',
    ],
    note: 'Twelve hours under fake timers. opentelemetry-js: all pauses of 100 pairs of clients, in real time; each is 1, 1.5, 2.25 … s within 20 %.',
  },
  {
    id: 'status-502',
    fault: 'The collector answers 502 for some time',
    promise: '0 lost; 1 s base, doubled to 30 s, full jitter, never under 500 ms; one line said',
    tests: [
      'faults/network-outage.test.ts: a collector that is away > behind a %i is tried again until it answers',
      'pipe.test.ts: a destination that gives no final answer > gets the same request again after 1, 2, 4 … 30 s with jitter; nothing is lost',
    ],
    note: '1.5 s in every run, 15 s for the figures.',
  },
  {
    id: 'status-503',
    fault: 'The collector answers 503 for some time',
    promise: '0 lost; 1 s base, doubled to 30 s, full jitter, never under 500 ms; one line said',
    tests: [
      'faults/network-outage.test.ts: a collector that is away > behind a %i is tried again until it answers',
      'pipe.test.ts: a destination that gives no final answer > gets the same request again after 1, 2, 4 … 30 s with jitter; nothing is lost',
    ],
    note: '1.5 s in every run, 15 s for the figures.',
  },
  {
    id: 'status-504',
    fault: 'The collector answers 504 for some time',
    promise: '0 lost; 1 s base, doubled to 30 s, full jitter, never under 500 ms; one line said',
    tests: [
      'faults/network-outage.test.ts: a collector that is away > behind a %i is tried again until it answers',
      'pipe.test.ts: a destination that gives no final answer > gets the same request again after 1, 2, 4 … 30 s with jitter; nothing is lost',
    ],
    note: '1.5 s in every run, 15 s for the figures.',
  },
  {
    id: 'unknown-name',
    fault: 'The name of the collector is not known',
    promise: 'Spans are kept and tried again; what shutdown gives up is counted',
    tests: [
      'faults/network-outage.test.ts: a collector that is away > under a name nobody knows keeps its spans, and shutdown counts them',
    ],
    note: 'Nothing can be delivered.',
  },
  {
    id: 'retry-after-429',
    fault: '429 with Retry-After',
    promise:
      '0 lost; no request of any batch before it, the next one at most 20 % after it; for 1, 30, 120 s and dates',
    tests: [
      'faults/network-throttle.test.ts: Retry-After > of a %i in seconds pauses every batch',
      'faults/network-throttle.test.ts: Retry-After > as a date is read against the clock of the server',
      'faults/network-throttle.test.ts: Retry-After > is kept by flush',
      'pipe.test.ts: a destination that gives no final answer > pauses the whole pipe for a Retry-After of %i ms',
      'retry.test.ts: parseRetryAfterMillis > a date is read against the clock of the server that wrote it',
    ],
    note: '1 s and 2 s in every run, 30 s for the figures; 30 and 120 s under fake timers as well.',
  },
  {
    id: 'retry-after-503',
    fault: '503 with Retry-After',
    promise: 'As 429',
    tests: ['faults/network-throttle.test.ts: Retry-After > of a %i in seconds pauses every batch'],
  },
  {
    id: 'retry-after-malformed',
    fault: 'Retry-After of 0, in the past, malformed or huge',
    promise:
      'At least 500 ms between two attempts, at most 300 s, never more than one request a second on the average',
    tests: [
      'faults/network-throttle.test.ts: Retry-After > that is malformed is none: half a second at least, and never more than a pause of our own',
      'retry.test.ts: parseRetryAfterMillis > no text makes it throw or leave its range',
    ],
    note: 'opentelemetry-js: three of the twenty values.',
  },
  {
    id: 'final-statuses',
    fault: 'Any other status from 300 to 599',
    promise: 'Exactly one request, counted with its status, one line a minute',
    tests: [
      'faults/network-throttle.test.ts: every other status from 300 to 599 gets one request, is counted, and is said once a minute',
      'otlp-http.test.ts: an answer > any other status from 300 to 599 is final',
    ],
    note: 'Without a flush: opentelemetry-js flushes by up to 30 requests at once and drops what it would send beyond them, so that a flush of these spans made it 130 requests for 297 spans.',
  },
  {
    id: 'hung-server',
    fault: 'The collector reads the request and never answers',
    promise: 'The attempt ends at 10.0 s ± 0.3 s and the request is sent again; 0 lost',
    tests: [
      ATTEMPT,
      'http-attempt.test.ts: the deadline > ends an attempt that gets no answer, and closes its connection',
    ],
    note: 'A time-out of 1 s in every run, the default of 10 s for the figures.',
  },
  {
    id: 'deaf-server',
    fault: 'The collector accepts the connection and reads nothing',
    promise: 'As a hung one',
    tests: [ATTEMPT, 'http-attempt.test.ts: the deadline > ends an attempt whose body nobody reads'],
  },
  {
    id: 'slow-reader',
    fault: 'The collector reads a byte in 100 ms',
    promise: 'As a hung one',
    tests: [ATTEMPT],
  },
  {
    id: 'slow-head',
    fault: 'The head of the answer comes a byte in 100 ms',
    promise: 'The deadline is total, not one of idleness; 0 lost, at most one copy of what had been taken',
    tests: [ATTEMPT],
    note: 'Duplicates: the receiver had taken the spans when the attempt ended.',
  },
  {
    id: 'slow-answer',
    fault: 'The head of a 200 comes, then a byte of its body in 200 ms',
    promise: 'A success at the deadline of 10 s, sent once',
    tests: [
      'faults/network-slow.test.ts: a slow answer > whose 200 has come is a success at the deadline, not sent again',
      'http-attempt.test.ts: the deadline > is total: an answer that trickles does not extend it, and its 200 counts',
    ],
  },
  {
    id: 'slow-shutdown',
    fault: 'Shutdown while an answer trickles',
    promise: 'At most its deadline + 100 ms',
    tests: [
      'faults/network-slow.test.ts: a slow answer > that never ends does not hold shutdown beyond its deadline',
    ],
    note: 'A deadline of 0.5 s in every run, of 20 s for the figures.',
  },
  {
    id: 'latency',
    fault: '150 ms in each direction',
    promise: '0 lost, nothing said',
    tests: ['faults/network-slow.test.ts: a network with little %s costs time only'],
  },
  {
    id: 'bandwidth',
    fault: '2 MB/s',
    promise: '0 lost, nothing said',
    tests: ['faults/network-slow.test.ts: a network with little %s costs time only'],
  },
  {
    id: 'narrow-link',
    fault: 'A link too narrow for a whole request in the time of an attempt',
    promise:
      '0 lost: a request that is late is halved, down to 256 KiB, and sizes grow again when it has passed',
    tests: [
      'faults/network-slow.test.ts: a link too narrow for a whole request in the time of an attempt gets smaller ones',
      'pipe.test.ts: a request that is not through within its time > is halved until it passes; the size of those that follow grows again',
      'pipe.test.ts: a request that is not through within its time > does not raise what the destination takes',
    ],
    note: '1.5 MB over 1.5 MB/s with a time-out of 0.5 s. Requests of opentelemetry-js have 512 spans, here 0.6 MB, which pass; it does not cut what does not. Duplicates: the buffers of the loopback hold whole requests, which the receiver takes when their attempt has ended.',
  },
  {
    id: 'idle-closed',
    fault: 'The peer closes a kept-alive connection after 0 to 6 s, when the next request comes',
    promise: '0 lost, nothing said: a reused connection that closes without an answer is replaced at once',
    tests: [
      'faults/network-slow.test.ts: a connection that the peer closes while it is idle costs no span, no line and no pause',
      'http-attempt.test.ts: a connection > that the server closed while idle is replaced at once, in the same send',
    ],
    note: 'Idle connections are kept for 30 s, or what a `Keep-Alive` field says.',
  },
  {
    id: 'reset-mid-body',
    fault: 'A reset while the body is being written',
    promise: '0 lost, no copy',
    tests: AGAIN,
  },
  {
    id: 'reset-before-headers',
    fault: 'A reset before the answer',
    promise: '0 lost, at most one copy a reset',
    tests: [...AGAIN, 'faults/network-broken.test.ts: compressed > %s: the request is sent again after %s'],
    note: 'Duplicates: the receiver had taken the spans and its answer was lost.',
  },
  {
    id: 'huge-headers',
    fault: 'An answer with a head of 1 MiB',
    promise: '0 lost, at most one copy',
    tests: AGAIN,
    note: 'Duplicates: as with a reset.',
  },
  {
    id: 'reset-after-head',
    fault: 'A reset after the head of a 200',
    promise: 'Sent exactly once',
    tests: [...ONCE, 'http-attempt.test.ts: a connection > that ends by %s after a 200 header has delivered'],
  },
  {
    id: 'fin-after-head',
    fault: 'An end after the head of a 200',
    promise: 'Sent exactly once',
    tests: [...ONCE, 'http-attempt.test.ts: a connection > that ends by %s after a 200 header has delivered'],
  },
  {
    id: 'garbage-chunks',
    fault: 'A 200 with chunks that are none',
    promise: 'Sent exactly once',
    tests: ONCE,
  },
  {
    id: 'short-length',
    fault: 'A 200 with a body longer than its Content-Length',
    promise: 'Sent exactly once',
    tests: ONCE,
  },
  {
    id: 'long-length',
    fault: 'A 200 with a body shorter than its Content-Length',
    promise: 'Sent exactly once',
    tests: ONCE,
  },
  {
    id: 'informational',
    fault: '100, 102 and 103 before the answer',
    promise: 'Sent exactly once',
    tests: ONCE,
  },
  {
    id: 'pass',
    fault: 'No fault',
    promise: 'Sent exactly once',
    tests: ONCE,
    note: 'What the others are compared with.',
  },
  {
    id: 'duplicate-answer',
    fault: 'An answer that comes twice',
    promise: 'The second one does not answer the next request, which is refused and sent again',
    tests: [
      'faults/network-broken.test.ts: a connection that breaks > an answer that comes twice does not answer the next request',
    ],
  },
  {
    id: 'gzip-bomb',
    fault: 'A 200 whose body inflates to 200 MB',
    promise: 'Not inflated: RSS grows by at most 16 MiB',
    tests: [
      'faults/network-broken.test.ts: an answer that is too much > gzip-bomb: 200 MB of zeros are not inflated',
      'otlp-http.test.ts: an answer > a body that claims an encoding is not inflated',
    ],
  },
  {
    id: 'endless-body',
    fault: 'A 200 whose chunks never end',
    promise:
      'Read to 4 MiB + 64 KiB and given up as a failure that is not sent again (OTLP, "Response Size"); RSS grows by at most 16 MiB',
    tests: [
      'faults/network-broken.test.ts: an answer that is too much > endless-body: is read to 4 MiB and is final',
      'otlp-http.test.ts: an answer > a body over 4 MiB is not read to its end and is final, whatever the status',
    ],
    note: 'Our ledger counts as failed what the receiver had taken: the specification wants it so.',
  },
  {
    id: 'redirect',
    fault: '301, 302, 303, 307, 308 to a second host',
    promise: '0 requests reach it',
    tests: [
      'faults/network-size.test.ts: a redirect brings no request to the second host',
      'otlp-http.test.ts: an answer > a redirect of %i is not followed',
    ],
  },
  {
    id: 'partial-success',
    fault: 'Partial success, with and without a count, in protobuf, JSON and garbage',
    promise: 'exported = n − r, rejected = r, exactly; nothing sent again; one line a minute',
    tests: [
      'faults/network-size.test.ts: a partial success counts what it rejected, exactly, and is not sent again',
      'partial-success.test.ts: readPartialSuccess > garbage and truncated answers never throw and reject a count only if they say one',
    ],
  },
  {
    id: 'oversize-span',
    fault: '413 for a request of 512 spans with one that is too large',
    promise: '511 delivered, 1 counted as failed, at most 19 more requests',
    tests: [
      'faults/network-size.test.ts: a receiver that takes 1 MiB > costs one oversize span among 512 that span, and 19 more requests',
      'pipe.test.ts: a request that is too large > is halved until it passes: of 512 spans with one oversize, 511 arrive with 19 more requests',
    ],
  },
  {
    id: 'size-remembered',
    fault: '413 for requests over 1 MiB',
    promise: '0 lost; the limit is remembered: further requests are smaller at once',
    tests: [
      'faults/network-size.test.ts: a receiver that takes 1 MiB > is asked for more than it takes once, and not again',
      'pipe.test.ts: a request that is too large > lowers the size of those that follow',
    ],
    note: 'Two times 6,000 spans of 1 KB. opentelemetry-js sends 512 spans, here 0.6 MB, at a time and is never refused; it loses what its queue of 2,048 does not hold.',
  },
  {
    id: 'request-size',
    fault: '20 MB of spans in one tick',
    promise: 'Requests of at most 4 MiB; 64 MiB are never exceeded',
    tests: [
      'faults/network-size.test.ts: 20 MB finished in one tick travel in requests of at most 4 MiB',
      'otlp-http.test.ts: a request > over 64 MiB is not sent',
      'http-json.test.ts: a request in JSON form > over 64 MiB is not sent, though the bytes it is made of are fewer',
    ],
  },
  {
    id: 'early-503',
    fault: 'A 503 while the body is still being written, 64 KiB of it read',
    promise:
      'Sent again; 0 lost; the connection is closed, and no byte of a span that ended later is ever on it',
    tests: [
      'faults/network-size.test.ts: an answer before the body was read > of %i %s, and no byte of another span is sent',
      'http-memory.test.ts: the memory of a request > is not read after a %s that came before the body',
    ],
  },
  {
    id: 'early-413',
    fault: 'A 413 while the body is still being written, 64 KiB of it read',
    promise:
      'Cut and sent; 0 lost; the connection is closed, and no byte of a span that ended later is ever on it',
    tests: [
      'faults/network-size.test.ts: an answer before the body was read > of %i %s, and no byte of another span is sent',
      'http-memory.test.ts: the memory of a request > is not read after a %s that came before the body',
    ],
  },
  {
    id: 'early-200',
    fault: 'A 200 while the body is still being written, 64 KiB of it read',
    promise:
      'Counted as exported, and not sent again; the connection is closed, and no byte of a span that ended later is ever on it',
    tests: [
      'faults/network-size.test.ts: an answer before the body was read > of %i %s, and no byte of another span is sent',
      'http-memory.test.ts: the memory of a request > is not read after a %s that came before the body',
    ],
    note: 'The receiver says that it has what it did not read: the loss is its own.',
  },
  {
    id: 'flush-in-flight',
    fault: 'Flush, five times at once, while a request is in flight',
    promise: 'Resolves after the answer, or at its deadline, and says which',
    tests: [
      'faults/network-slow.test.ts: flushes asked for while a request is in flight resolve after its answer, or say that there was none',
      'pipe-flush.test.ts: flush > waits for an export in flight and for what finished before the call, not after',
    ],
  },
];
