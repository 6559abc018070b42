/**
 * An OTLP receiver in a process of its own, decoding with the schemas of @elastic/mockotlpserver: nothing here
 * comes from the SDK under demonstration. Started with an IPC channel; sends `{ url }` when it listens, answers
 * the message `report` with what it has decoded so far, and exits when the channel closes.
 */
import mockOtlpServer from '@elastic/mockotlpserver';

const { MockOtlpServer, normalizeTrace } = mockOtlpServer;
const requests = [];

const server = new MockOtlpServer({
  logLevel: 'fatal',
  services: ['http'],
  httpHostname: '127.0.0.1',
  httpPort: 0,
  onTrace: (request) => requests.push(normalizeTrace(request)),
});

process.on('message', (message) => {
  if (message === 'report') process.send({ requests: requests.length, spans: requests.flatMap(spansOf) });
});
process.on('disconnect', () => process.exit(0));

await server.start();
process.send({ url: server.httpUrl.origin });

function spansOf(request) {
  return request.resourceSpans.flatMap((group) =>
    group.scopeSpans.flatMap(({ scope, spans }) =>
      spans.map((span) => ({
        traceId: span.traceId,
        spanId: span.spanId,
        parentSpanId: span.parentSpanId ?? '',
        name: span.name,
        scope: scope?.name ?? '',
        service: group.resource?.attributes?.['service.name'] ?? '',
        startNanoseconds: span.startTimeUnixNano,
        endNanoseconds: span.endTimeUnixNano,
        failed: span.status?.code === 'STATUS_CODE_ERROR',
        attributes: span.attributes ?? {},
      })),
    ),
  );
}
