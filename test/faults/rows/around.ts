import type { FaultRow } from '../row.ts';

export const AROUND: readonly FaultRow[] = [
  {
    id: 'around-trace-context',
    fault: 'Headers of W3C Trace Context, level 2, sound and unsound',
    promise:
      'Each requirement for a participant is held by headers that show it: what is valid is carried on, the rest starts a new trace',
    tests: [
      'trace-context-vectors.test.ts: the table > $section $level: $requirement',
      'trace-context-vectors.test.ts: traceparent > $name',
      'trace-context-vectors.test.ts: tracestate > $name',
      'trace-context-vectors.test.ts: what a span started under the headers sends > $name',
    ],
    unmeasured: 'Asserted for each of 174 headers and changes, each right or wrong.',
    noUpstream: 'The headers are given to our propagator alone.',
  },
  {
    id: 'around-own-requests',
    fault: 'The client that sends our requests is instrumented',
    promise: 'No span of our own requests, and no context in their headers',
    tests: [
      'ecosystem/instrumentations.test.ts: of node:http: servers, clients, hooks, headers, failures',
      'otlp-http.test.ts: a request > is made in the root context with tracing suppressed',
    ],
    unmeasured: 'Asserted for every program of these tests: there is none.',
    noUpstream: 'The same programs run on it and record the same spans: it has none of its own either.',
  },
  {
    id: 'around-metrics',
    fault: 'Metrics of the SDK itself are collected, whatever becomes of the spans',
    promise:
      '`otel.sdk.*` is what `stats()` says at every collection, and what the receiver got: the error is 0',
    tests: [
      'component-metrics.test.ts: in %s mode > under a clock of the test > at every collection the numbers add up and are those of stats()',
      'component-metrics.test.ts: in %s mode > over HTTP > what was delivered is what the receiver got, under the names of the conventions',
      'component-metrics.test.ts: in %s mode > over HTTP > rejected spans failed, and so did the operation',
      'sdk-metrics.test.ts: the OTLP exporter by its own export > counts each span once: delivered, rejected, refused, unreadable, in a batch that is, too late',
    ],
    unmeasured: 'Asserted as equal. The rows of faults hold `stats()` against the receiver, not the metrics.',
    noUpstream: 'It has no `stats()` to compare with.',
  },
];
