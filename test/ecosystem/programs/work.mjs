/** Spans that use every part of the tracing API, the same on every provider. */
/** Limits that some of the spans go over. */
export const spanLimits = { attributeCountLimit: 20, eventCountLimit: 2, linkCountLimit: 2 };

const SECONDS = 1_500_000_000;
const remote = (createTraceState) => ({
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
  isRemote: true,
  traceState: createTraceState('a=1,b=two'),
});

const values = {
  text: 'plain',
  unicode: 'Größe 🐝 蜂',
  empty: '',
  long: 'x'.repeat(5000),
  integer: 42,
  negative: -7,
  large: Number.MAX_SAFE_INTEGER,
  double: 1.5,
  boolean: false,
  texts: ['a', 'b'],
  numbers: [1, 2.5],
  booleans: [true, false],
  none: [],
  gaps: ['a', null, 'b'],
};

function failure() {
  const error = new RangeError('expected less');
  error.stack = 'RangeError: expected less';
  return error;
}

/** Makes the spans, with the API that is given; all have ended when it returns. */
export function work(provider, { createTraceState, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace }) {
  const tracer = provider.getTracer('work', '1.2.3', {
    schemaUrl: 'https://opentelemetry.io/schemas/1.30.0',
  });
  const request = tracer.startSpan('request', { kind: SpanKind.SERVER, attributes: values }, ROOT_CONTEXT);
  const within = trace.setSpan(ROOT_CONTEXT, request);
  const call = tracer.startSpan(
    'call',
    { kind: SpanKind.CLIENT, links: [{ context: request.spanContext(), attributes: { why: 'cause' } }] },
    within,
  );
  call.addEvent('first', { attempt: 1, words: ['a', 'b'] });
  call.recordException(failure());
  call.setStatus({ code: SpanStatusCode.ERROR, message: 'it failed: é' });
  call.end();
  const renamed = tracer.startSpan('before', { attributes: { key: 'first', other: 1 } }, within);
  renamed.setAttribute('key', 'second').setAttributes({ third: 3, nothing: undefined }).updateName('renamed');
  renamed.setStatus({ code: SpanStatusCode.OK });
  renamed.end();
  const limited = tracer.startSpan('limited', { kind: SpanKind.PRODUCER }, within);
  for (let index = 0; index < 25; index += 1) limited.setAttribute(`key.${index}`, index);
  for (let index = 0; index < 4; index += 1) limited.addEvent(`event ${index}`);
  limited.addLinks([call, renamed, request].map((span) => ({ context: span.spanContext() })));
  limited.end();
  request.end();
  const fromAfar = trace.setSpanContext(ROOT_CONTEXT, remote(createTraceState));
  tracer.startSpan('continued', { kind: SpanKind.CONSUMER }, fromAfar).end();
  const timed = provider
    .getTracer('timed')
    .startSpan('timed', { startTime: [SECONDS, 123_456_789], root: true }, within);
  timed.addEvent('then', { at: 'half past' }, [SECONDS + 1, 5]);
  timed.end([SECONDS + 2, 999_999_999]);
}
