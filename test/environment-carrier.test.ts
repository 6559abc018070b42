import { spawnSync } from 'node:child_process';
import { defaultTextMapGetter, propagation, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import {
  EnvironmentGetter as UpstreamGetter,
  EnvironmentSetter as UpstreamSetter,
} from '@opentelemetry/propagator-env-carrier';
import fc from 'fast-check';
import { afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  B3InjectEncoding,
  B3Propagator,
  CompositePropagator,
  type Environment,
  EnvironmentGetter,
  EnvironmentSetter,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from '../src/api/propagation.ts';
import { bundle, run } from './helpers/api-child.ts';
import { record } from './helpers/api-recorder.ts';

const TRACEPARENT = '00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01';
const composite = new CompositePropagator({
  propagators: [
    new W3CTraceContextPropagator(),
    new W3CBaggagePropagator(),
    new B3Propagator({ injectEncoding: B3InjectEncoding.MULTI_HEADER }),
  ],
});

afterEach(() => vi.unstubAllEnvs());

describe('names of variables', () => {
  test.each([
    ['traceparent', 'TRACEPARENT'],
    ['tracestate', 'TRACESTATE'],
    ['baggage', 'BAGGAGE'],
    ['b3', 'B3'],
    ['x-b3-traceid', 'X_B3_TRACEID'],
    ['a.b c/äz_é', 'A_B_C__Z__'],
    ['3d', '_3D'],
    ['', '_'],
    ['ß', '_'],
    ['__proto__', '__PROTO__'],
  ])('%j is %s', (key, name) => {
    const env: Environment = {};
    new EnvironmentSetter(env).set(undefined, key, 'v');
    expect(env).toEqual({ [name]: 'v' });
    expect(new EnvironmentGetter(env).get(undefined, key)).toBe('v');
  });

  test('are those of @opentelemetry/propagator-env-carrier, for any key and value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (key, value) => {
        const [ours, theirs]: Record<string, string>[] = [{}, {}];
        new EnvironmentSetter(ours).set(undefined, key, value);
        new UpstreamSetter(theirs).set(undefined, key, value);
        expect(ours).toEqual(theirs);
        expect(Object.keys(ours)[0]).toMatch(/^[A-Z_][A-Z0-9_]*$/);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('reading', () => {
  test('is from process.env, as it is at the time, and from nothing else', () => {
    const getter = new EnvironmentGetter();
    const read = () => {
      const context = composite.extract(ROOT_CONTEXT, { traceparent: 'ignored' }, getter);
      return trace.getSpanContext(context)?.traceId;
    };
    expect(read()).toBeUndefined();
    vi.stubEnv('TRACEPARENT', TRACEPARENT);
    expect(read()).toBe(TRACEPARENT.split('-')[1]);
    expect(getter.get(undefined, 'traceparent')).toBe(new UpstreamGetter().get(undefined, 'traceparent'));
    expect([...getter.keys()].sort()).toEqual([...new UpstreamGetter().keys(undefined)].sort());
    expect(getter.keys()).toContain('TRACEPARENT');
  });

  test('finds variables under their own name only', () => {
    const getter = new EnvironmentGetter({
      traceparent: 'x',
      'X-B3': 'x',
      'A.B': 'x',
      ÄB: 'x',
      '1A': 'x',
      OK_1: 'x',
    });
    expect(getter.get(undefined, 'traceparent')).toBeUndefined();
    expect(getter.keys()).toEqual(['OK_1']);
    expect(new EnvironmentGetter({ GONE: undefined }).keys()).toEqual([]);
  });

  test('hands values on as they are', () => {
    const value = ' \t\u0000 é,;=\n';
    expect(new EnvironmentGetter({ TRACEPARENT: value }).get(undefined, 'traceparent')).toBe(value);
  });

  test('a host without process has no variables', () => {
    vi.stubGlobal('process', undefined);
    try {
      const getter = new EnvironmentGetter();
      expect([getter.get(undefined, 'traceparent'), getter.keys()]).toEqual([undefined, []]);
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

describe('writing', () => {
  const spanContext: SpanContext = {
    traceId: '5bd66ef5095369c7b0d1f8f4bd33716a',
    spanId: 'c532cb4098ac3dd2',
    traceFlags: 1,
  };
  const context = propagation.setBaggage(
    trace.setSpanContext(ROOT_CONTEXT, spanContext),
    propagation.createBaggage({ user: { value: 'a b' } }),
  );

  test('changes the object it was given, and neither the carrier nor process.env', () => {
    const before = { ...process.env };
    const [env, carrier]: Record<string, string>[] = [{ PATH: 'p' }, {}];
    composite.inject(context, carrier, new EnvironmentSetter(env));
    expect(env).toEqual({
      PATH: 'p',
      TRACEPARENT,
      BAGGAGE: 'user=a%20b',
      X_B3_TRACEID: spanContext.traceId,
      X_B3_SPANID: spanContext.spanId,
      X_B3_SAMPLED: '1',
    });
    expect(carrier).toEqual({});
    expect({ ...process.env }).toEqual(before);
  });

  test('changes process.env where that is the object', () => {
    vi.stubEnv('TRACEPARENT', 'before');
    new W3CTraceContextPropagator().inject(context, undefined, new EnvironmentSetter(process.env));
    expect(process.env.TRACEPARENT).toBe(TRACEPARENT);
  });

  test('of two fields with one name the later stays', () => {
    const env: Environment = {};
    const setter = new EnvironmentSetter(env);
    setter.set(undefined, 'a-b', '1');
    setter.set(undefined, 'a.b', '2');
    expect(env).toEqual({ A_B: '2' });
  });

  test('all that the propagators of this package write at most fits a variable of Windows', () => {
    const long = propagation.createBaggage(
      Object.fromEntries(
        Array.from({ length: 100 }, (_, index) => [`k${index}`, { value: 'v'.repeat(200) }]),
      ),
    );
    vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const env: Record<string, string> = {};
    composite.inject(propagation.setBaggage(context, long), undefined, new EnvironmentSetter(env));
    vi.restoreAllMocks();
    for (const [name, value] of Object.entries(env)) expect(`${name}=${value}`.length).toBeLessThan(32_767);
    expect(env.BAGGAGE.length).toBeGreaterThan(8_000);
  });
});

describe('a child process', () => {
  let program: string;
  beforeAll(async () => {
    program = await bundle(`
      import { propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api';
      import { EnvironmentGetter, EnvironmentSetter, TracerProvider } from './src/otel.ts';
      import { spawnSync } from 'node:child_process';
      const provider = new TracerProvider({ spanProcessors: [] });
      provider.register();
      const before = JSON.stringify(process.env);
      const context = propagation.extract(ROOT_CONTEXT, undefined, new EnvironmentGetter());
      const span = provider.getTracer('child').startSpan('child', {}, context);
      let grandchild;
      if (process.argv.length < 3 && process.env.DEPTH === '2') {
        const env = { ...process.env, DEPTH: '1' };
        propagation.inject(trace.setSpan(context, span), undefined, new EnvironmentSetter(env));
        const { stdout } = spawnSync(process.execPath, [process.argv[1]], { env, encoding: 'utf8', timeout: 10_000 });
        grandchild = JSON.parse(stdout);
      }
      span.end();
      process.stdout.write(JSON.stringify({
        ...span.spanContext(),
        parent: trace.getSpanContext(context),
        baggage: propagation.getBaggage(context)?.getEntry('user')?.value,
        state: span.spanContext().traceState?.serialize(),
        unchanged: before === JSON.stringify(process.env),
        grandchild,
      }));
    `);
  });

  test('continues the trace of its parent, and its child the trace of it', async () => {
    const { tracer } = record();
    const remote = new W3CTraceContextPropagator().extract(
      ROOT_CONTEXT,
      { traceparent: TRACEPARENT, tracestate: 'vendor=x' },
      defaultTextMapGetter,
    );
    const span = tracer.startSpan('parent', {}, remote);
    const context = propagation.setBaggage(
      trace.setSpan(remote, span),
      propagation.createBaggage({ user: { value: 'ä,b' } }),
    );
    const environment: Record<string, string> = { DEPTH: '2' };
    composite.inject(context, undefined, new EnvironmentSetter(environment));
    const { code, stdout, stderr } = await run(program, { environment });
    expect([code, stderr]).toEqual([0, '']);
    const child = JSON.parse(stdout);
    const parent = span.spanContext();
    expect(child.parent).toMatchObject({ traceId: parent.traceId, spanId: parent.spanId, isRemote: true });
    expect(child).toMatchObject({
      traceId: parent.traceId,
      baggage: 'ä,b',
      state: 'vendor=x',
      unchanged: true,
    });
    expect(child.spanId).not.toBe(parent.spanId);
    expect(child.grandchild.parent).toMatchObject({ traceId: parent.traceId, spanId: child.spanId });
    expect(child.grandchild).toMatchObject({ traceId: parent.traceId, baggage: 'ä,b', state: 'vendor=x' });
  });

  test('starts a trace of its own where there are no variables, or malformed ones', async () => {
    const environments: Record<string, string>[] = [{}, { TRACEPARENT: 'x'.repeat(60_000), BAGGAGE: ',;=' }];
    for (const environment of environments) {
      const { stdout } = await run(program, { environment });
      const child = JSON.parse(stdout);
      expect(child.parent).toBeUndefined();
      expect(child.traceId).toMatch(/^[0-9a-f]{32}$/);
    }
  });

  test('can be any program: the variables are plain ones', () => {
    const env: Environment = { ...process.env };
    const context = trace.setSpan(ROOT_CONTEXT, record().tracer.startSpan('parent', {}, ROOT_CONTEXT));
    composite.inject(context, undefined, new EnvironmentSetter(env));
    const script = 'process.stdout.write(process.env.TRACEPARENT)';
    const { stdout } = spawnSync(process.execPath, ['-e', script], {
      env,
      encoding: 'utf8',
      timeout: 10_000,
    });
    expect(stdout).toMatch(new RegExp(`^00-${trace.getSpanContext(context)?.traceId}-`));
  });
});
