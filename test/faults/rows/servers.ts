import type { FaultRow } from '../row.ts';

export const SERVERS: readonly FaultRow[] = [
  {
    id: 'servers-413',
    fault: 'nginx takes 256 KiB; one span of 512 is larger',
    promise:
      '511 delivered, 1 lost and counted, at most 19 requests beyond the first; later requests keep to the size learned',
    tests: [
      'faults/servers/nginx.test.ts: costs the one span that is larger, and at most 19 requests more',
      'faults/servers/nginx.test.ts: is asked for no more than it took, once it has refused',
      'faults/servers/nginx.test.ts: is heard although it answers while a body of 4 MiB is still being written',
      'faults/servers/nginx.test.ts: takes more when the body is compressed',
    ],
  },
  {
    id: 'servers-collector-size',
    fault: 'The Collector takes 256 KiB and refuses with 400; one span of 512 is larger',
    promise: '511 delivered, 1 lost and counted',
    tests: ['faults/servers/collector.test.ts: loses the one span that is larger, compression %s'],
    note: 'The Collector answers 400 with the text of Go for a body over its limit, where the specification asks for 413; both are halved.',
  },
  {
    id: 'servers-collector',
    fault: 'The Collector refuses (503) while its memory_limiter is over its limit, for 12 s at a time',
    promise: '0 lost; what the Collector wrote is what the ledger counts as exported, span by span',
    tests: ['faults/servers/collector.test.ts: gets every span once, although it refused'],
    note: 'Refusals end with the next collection of rubbish: 0.8 s in the quick run.',
  },
  {
    id: 'servers-502',
    fault: 'The receiver behind nginx is away for 15 s (502)',
    promise: '0 lost, each span once, one line',
    tests: ['faults/servers/nginx.test.ts: that is away and comes back (502) gets every span once'],
    note: '0.7 s in the quick run.',
  },
  {
    id: 'servers-503',
    fault: 'nginx limits the rate (429, 503) and asks for a pause by Retry-After',
    promise: '0 lost; nothing is sent before the pause is over',
    tests: [
      'faults/servers/nginx.test.ts: that limits the rate (%i) gets every span once',
      'faults/servers/nginx.test.ts: that asks for a pause (503, Retry-After: 2) is not asked again before',
    ],
  },
  {
    id: 'servers-504',
    fault: 'The receiver takes a request and answers after the time-out of nginx (504)',
    promise: '0 lost; the spans of the lost answer arrive once more for each answer lost',
    tests: [
      'faults/servers/nginx.test.ts: that answers too late (504) gets every span, and those of the lost answer twice',
    ],
    note: 'Duplicates are what the specification accepts when an answer is lost.',
  },
  {
    id: 'servers-idle',
    fault: 'nginx closes the connection after an idle second; the next export follows',
    promise: '0 lost, no line, on a fresh connection at once',
    tests: [
      'faults/servers/nginx.test.ts: costs no span and no line, event loop stalled: %s',
      'faults/servers/nginx.test.ts: keeps a connection that is in use',
      'faults/servers/nginx-tls.test.ts: and closes idle connections after a second costs no span and no line',
    ],
  },
  {
    id: 'servers-idle-stalled',
    fault:
      'The same, and the event loop stands still meanwhile: it sends on a connection that is closed already',
    promise: '0 lost, no line, sent again at once on a fresh connection',
    tests: [
      'faults/servers/nginx.test.ts: costs no span and no line, event loop stalled: %s',
      'faults/servers/runtimes.test.ts: takes a fresh connection at once when the kept one was closed',
    ],
  },
  {
    id: 'servers-redirect',
    fault: 'nginx redirects to another host (301, 302, 307, 308)',
    promise:
      '1 request at the first host, 0 connections at the second; lost spans counted, the advice names the cause',
    tests: ['faults/servers/nginx.test.ts: that redirects (%i) is refused: nothing reaches the second host'],
  },
  {
    id: 'servers-redirect-runtimes',
    fault: 'The same on Node, Deno and Bun, with a key in the headers',
    promise: '0 requests at the second host',
    tests: ['faults/servers/runtimes.test.ts: does not follow a redirect, and shows the second host nothing'],
  },
  {
    id: 'servers-tls',
    fault:
      'TLS and mTLS on Node, Deno and Bun: expired, other host, unknown authority, no or a strange client certificate, wrong key, missing files',
    promise: 'nothing reaches a server that is not trusted; one line says why; lastError is set',
    tests: [
      'faults/servers/tls.test.ts: a server %s gets every span',
      'faults/servers/tls.test.ts: a server %s gets nothing, and one line says why',
      'faults/servers/tls.test.ts: tracing is off with %s, and one line says why',
      'faults/servers/tls.test.ts: an authority that cannot be read is not replaced by those of the runtime',
      'faults/servers/nginx-tls.test.ts: passes every span on, over %s',
      'faults/servers/nginx-tls.test.ts: gets nothing when its authority is unknown',
      'faults/servers/nginx-tls.test.ts: and asks for a certificate takes every span from who has one',
      'faults/servers/nginx-tls.test.ts: and asks for a certificate passes nothing on with %s',
    ],
    note: 'With a file that cannot be read, opentelemetry-js warns and goes on with what the runtime trusts; measured on Node.',
  },
  {
    id: 'servers-natural-end',
    fault: 'A program ends by itself on Node, Deno and Bun, without a call to flush',
    promise: '100 of 100 delivered',
    tests: ['faults/servers/runtimes.test.ts: delivers at its natural end, without a call'],
  },
  {
    id: 'servers-hung',
    fault: 'It ends while its receiver takes the request and never answers, on Node, Deno and Bun',
    promise: 'the end comes at most 1.0 s later, and the number lost is said',
    tests: [
      'faults/servers/runtimes.test.ts: ends although the receiver never answers, and says what was not sent',
    ],
    note: 'Asserted at twice the figure. Measured on a loaded machine, which is in the few milliseconds over 1.0 s. opentelemetry-js ends with a full batch of 512 under way: it sends no other at an end.',
  },
  {
    id: 'servers-cut',
    fault: 'The answer is 200, and the connection is reset or closed in its body, on Node, Deno and Bun',
    promise: 'a success, sent exactly once',
    tests: [
      'faults/servers/runtimes.test.ts: counts a success once when the answer is cut off in its body (%s)',
    ],
  },
  {
    id: 'servers-refused',
    fault: 'Nothing listens, then something does, on Node, Deno and Bun',
    promise: '0 lost, one line',
    tests: [
      'faults/servers/runtimes.test.ts: keeps what a refused connection did not take, until there is one that does',
    ],
    note: 'The outage is as short as the test; "The network" and "Long and large" have longer ones.',
  },
  {
    id: 'servers-deno-permissions',
    fault: 'Deno grants the network and the environment, or less',
    promise: 'these two suffice; a missing one is named in one line, and the program ends',
    tests: [
      'faults/servers/runtimes.test.ts: sends with the network and the environment alone, resource detectors included',
      'faults/servers/runtimes.test.ts: says which permission is missing for the network, and ends',
      'faults/servers/runtimes.test.ts: does not send without the authority it may not read',
    ],
    note: 'opentelemetry-js is bundled in one file for this: as packages it needs leave to read them.',
  },
];
