/** Masks see every string of every span before anyone else does, and fail closed. */
import { trace as traceApi } from '@opentelemetry/api';
import { afterEach, describe, expect, test } from 'vitest';
import { trace } from '../src/ai/trace.ts';
import type { MaskedSpan } from '../src/api/mask.ts';
import { resetDiagnostics } from '../src/diagnostics.ts';
import type { InitOptions } from '../src/init.ts';
import { startTracing, stopTracingAfterEach } from './helpers/ai-spans.ts';
import { captureWarnings } from './helpers/api-recorder.ts';

const lines = captureWarnings();
stopTracingAfterEach();
afterEach(() => resetDiagnostics());

const SECRET = 'the-secret';
const hide = (value: string): string => value.replaceAll(SECRET, '***');
const foreign = { onStart() {}, onEnd() {}, async forceFlush() {}, async shutdown() {} };

/** Everything a value holds, as text. */
const textOf = (value: unknown): string =>
  JSON.stringify(value, (_, member) => (typeof member === 'bigint' ? String(member) : member));

/** A span with the secret in every place that holds a string. */
function tellEverywhere(): void {
  const span = traceApi.getTracer('instrumentation').startSpan(`name ${SECRET}`, {
    attributes: {
      plain: SECRET,
      list: ['a', SECRET] as never,
      map: { deep: { er: SECRET } } as never,
      number: 5,
    },
    links: [
      {
        context: { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 },
        attributes: { link: SECRET },
      },
    ],
  });
  span.addEvent(`event ${SECRET}`, { event: SECRET });
  span.recordException(new Error(SECRET));
  span.setStatus({ code: 2, message: SECRET });
  span.end();
}

describe.each<[string, InitOptions]>([
  ['arena', {}],
  ['plug-in', { spanProcessors: [foreign] }],
])('in %s mode', (_, options) => {
  test('every string of a span of anyone is masked', async () => {
    const { all } = await startTracing({ ...options, mask: hide });
    tellEverywhere();
    trace((_: string) => ({ answer: SECRET }), { name: 'own' })(SECRET);
    const spans = await all();
    expect(spans).toHaveLength(2);
    const text = textOf(spans);
    expect(text).not.toContain(SECRET);
    expect(text.match(/\*\*\*/g)?.length).toBeGreaterThan(9);
  });

  test('null leaves an attribute out; what a mask fails at is replaced, and said', async () => {
    const mask = (value: string, key: string): string | null => {
      if (key === 'out') return null;
      if (key === 'throws') throw new Error('no');
      return key === 'wrong' ? (5 as never) : value;
    };
    const { one } = await startTracing({ ...options, mask });
    const attributes = { out: 'a', throws: 'b', wrong: 'c', kept: 'd' };
    traceApi.getTracer('t').startSpan('one', { attributes }).end();
    expect((await one('one')).plain).toEqual({ throws: '[masked]', wrong: '[masked]', kept: 'd' });
    expect(lines.filter((line) => line.includes('mask: expected a string or null'))).toHaveLength(1);
  });

  test('a mask sees the span it is of, and cannot write to it', async () => {
    const seen: Array<[string, number, string, unknown]> = [];
    let write = (): void => {};
    const mask = (value: string, key: string, span: MaskedSpan): string => {
      if (key === 'a') seen.push([span.name, span.kind, span.scope, span.get('b')]);
      write();
      return value;
    };
    const { one } = await startTracing({ ...options, mask });
    const span = traceApi
      .getTracer('scope')
      .startSpan('one', { kind: 2, attributes: { a: 'x', b: [1, 'y'] as never } });
    write = () => {
      span.setAttribute('late', 'unmasked');
      span.end();
    };
    span.end();
    expect(seen).toEqual([['one', 2, 'scope', [1, 'y']]]);
    expect((await one('one')).plain).toEqual({ a: 'x', b: [1, 'y'] });
  });

  test('a mask may itself trace', async () => {
    let depth = 0;
    const mask = (value: string): string => {
      if (depth === 0) {
        depth = 1;
        traceApi
          .getTracer('t')
          .startSpan('inner', { attributes: { inner: SECRET } })
          .end();
        depth = 0;
      }
      return hide(value);
    };
    const { all } = await startTracing({ ...options, mask });
    traceApi
      .getTracer('t')
      .startSpan('outer', { attributes: { outer: SECRET } })
      .end();
    expect(textOf(await all())).not.toContain(SECRET);
  });
});

test('another processor sees masked spans alone', async () => {
  const seen: string[] = [];
  const processor = {
    ...foreign,
    onEnd: (span: object) => void seen.push(JSON.stringify({ ...span, _tracer: 0 })),
  };
  await startTracing({ mask: hide, spanProcessors: [processor as never] });
  tellEverywhere();
  expect(seen).toHaveLength(1);
  expect(seen[0]).not.toContain(SECRET);
});

test('what is no mask masks everything', async () => {
  const { one } = await startTracing({ mask: 'hide' as never });
  trace((_: string) => {}, { name: 'x' })(SECRET);
  expect((await one('[masked]')).plain).toEqual({ 'input.value': '[masked]' });
});
