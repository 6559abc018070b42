/** When a provider is in which mode, and what faults of one processor cost the others: nothing. */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import {
  InMemorySpanExporter as UpstreamInMemory,
  SimpleSpanProcessor as UpstreamSimple,
} from '@opentelemetry/sdk-trace-base';
import { describe, expect, test, vi } from 'vitest';
import { BatchSpanProcessor } from '../src/api/batch-span-processor.ts';
import { NoopSpanProcessor } from '../src/api/noop-span-processor.ts';
import { OTLPTraceExporter } from '../src/api/otlp-trace-exporter.ts';
import { SimpleSpanProcessor } from '../src/api/simple-span-processor.ts';
import { TracerProvider } from '../src/api/tracer-provider.ts';
import type { ReadableSpan, SpanProcessor } from '../src/api/types.ts';
import { ConsoleSpanExporter } from '../src/export/console-span-exporter.ts';
import { InMemorySpanExporter } from '../src/export/in-memory-span-exporter.ts';
import { balance, captureWarnings, WireRecorder } from './helpers/api-recorder.ts';
import { HeldExporter, processorOf } from './helpers/object-spans.ts';

const lines = captureWarnings();

const modeOf = (...spanProcessors: SpanProcessor[]) => new TracerProvider({ spanProcessors }).stats().mode;

describe('the mode of a provider', () => {
  class OwnBatch extends BatchSpanProcessor {}
  class OwnExporter extends InMemorySpanExporter {}
  const patched = <Type extends object>(target: Type, method: keyof Type): Type => {
    const original = target[method] as (...args: unknown[]) => unknown;
    target[method] = ((...args: unknown[]) => original.apply(target, args)) as Type[typeof method];
    return target;
  };
  const memory = () => new InMemorySpanExporter();

  test.each<[string, SpanProcessor[]]>([
    ['no processor', []],
    ['one that does nothing', [new NoopSpanProcessor()]],
    ['batch and OTLP', [new BatchSpanProcessor(new OTLPTraceExporter())]],
    [
      'simple and memory, batch and console',
      [new SimpleSpanProcessor(memory()), new BatchSpanProcessor(new ConsoleSpanExporter())],
    ],
    ['forceFlush replaced, which carries no span', [patched(new BatchSpanProcessor(memory()), 'forceFlush')]],
  ])('arena: %s', (_, processors) => {
    expect(modeOf(...processors)).toBe('arena');
  });

  test.each<[string, () => SpanProcessor[]]>([
    ['a foreign processor', () => [processorOf({})]],
    ['a foreign one beside ours', () => [new BatchSpanProcessor(memory()), processorOf({})]],
    ['an upstream processor', () => [new UpstreamSimple(new UpstreamInMemory()) as never]],
    ['a subclass of the one that does nothing', () => [new (class extends NoopSpanProcessor {})()]],
    ['a subclass of ours', () => [new OwnBatch(memory())]],
    ['onEnd replaced', () => [patched(new BatchSpanProcessor(memory()), 'onEnd')]],
    ['onStart replaced', () => [patched(new SimpleSpanProcessor(memory()), 'onStart')]],
    ['onEnding added', () => [Object.assign(new BatchSpanProcessor(memory()), { onEnding() {} })]],
    ['a subclass of our exporter', () => [new BatchSpanProcessor(new OwnExporter())]],
    ['export replaced', () => [new BatchSpanProcessor(patched(memory(), 'export'))]],
    ['a foreign exporter', () => [new BatchSpanProcessor(new HeldExporter())]],
    [
      'ours in a Proxy that hides it',
      () => [new Proxy(new BatchSpanProcessor(memory()), { getPrototypeOf: () => Object.prototype })],
    ],
  ])('plug-in: %s', (_, make) => {
    expect(modeOf(...make())).toBe('plug-in');
  });

  test('onEnd patched on the prototype is seen, for the time it is', () => {
    const spy = vi.spyOn(BatchSpanProcessor.prototype, 'onEnd');
    expect(modeOf(new BatchSpanProcessor(memory()))).toBe('plug-in');
    spy.mockRestore();
    expect(modeOf(new BatchSpanProcessor(memory()))).toBe('arena');
  });
});

describe('our classes, subclassed or with exporters of any make', () => {
  test('a subclass of our processor changes spans on their way', async () => {
    class Tagging extends BatchSpanProcessor {
      override onEnd(span: ReadableSpan): void {
        span.attributes.tagged = true;
        super.onEnd(span);
      }
    }
    const exporter = new WireRecorder();
    const provider = new TracerProvider({ spanProcessors: [new Tagging(exporter)] });
    provider.getTracer('t').startSpan('work').end();
    expect(await provider.flush()).toMatchObject({ exported: 1, waiting: 0 });
    expect(exporter.readable[0].attributes).toEqual({ tagged: true });
    expect(balance(provider.stats())).toBe(0);
  });

  test('a subclass of our exporter gets span objects, and its super has them too', async () => {
    class Counting extends InMemorySpanExporter {
      seen = 0;
      override export(...args: Parameters<InMemorySpanExporter['export']>): void {
        this.seen += args[0].length;
        super.export(...args);
      }
    }
    const exporter = new Counting();
    const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
    const span = provider.getTracer('t').startSpan('work');
    span.end();
    expect(exporter.seen).toBe(1);
    expect(exporter.getFinishedSpans()).toEqual([span]);
    expect(exporter.getFinishedSpans()[0]).toBe(span);
  });

  test('in plug-in mode our memory exporter keeps the span itself', () => {
    const exporter = new InMemorySpanExporter();
    const provider = new TracerProvider({
      spanProcessors: [processorOf({}), new SimpleSpanProcessor(exporter)],
    });
    const span = provider.getTracer('t').startSpan('work');
    span.end();
    expect(exporter.getFinishedSpans()[0]).toBe(span);
  });

  test("upstream's processor and exporter get the spans of our provider", async () => {
    const exporter = new UpstreamInMemory();
    const provider = new TracerProvider({ spanProcessors: [new UpstreamSimple(exporter) as never] });
    const tracer = provider.getTracer('t');
    tracer.startSpan('a', {}, ROOT_CONTEXT).end();
    await provider.forceFlush();
    expect(exporter.getFinishedSpans().map(({ name }) => name)).toEqual(['a']);
    expect(provider.stats()).toMatchObject({ started: 1, delegated: 1, exported: 0 });
    expect(balance(provider.stats())).toBe(0);
  });
});

describe('a processor that fails', () => {
  const refuse = (): never => {
    throw new Error('broken');
  };

  test.each(['onStart', 'onEnding', 'onEnd'] as const)('in %s costs no other its spans', (hook) => {
    const seen: string[] = [];
    const exporter = new WireRecorder();
    const provider = new TracerProvider({
      spanProcessors: [
        processorOf({ [hook]: refuse }),
        processorOf({ onEnd: (span) => void seen.push(span.name) }),
        new SimpleSpanProcessor(exporter),
      ],
    });
    const tracer = provider.getTracer('t');
    expect(() => tracer.startSpan('a').end()).not.toThrow();
    tracer.startSpan('b').end();
    expect(seen).toEqual(['a', 'b']);
    expect(exporter.spans.map(({ name }) => name)).toEqual(['a', 'b']);
    expect(lines).toEqual([expect.stringMatching(new RegExp(`${hook} failed: broken`))]);
  });

  test.each(['onStart', 'onEnding', 'onEnd'] as const)(
    'in an async %s leaves no unhandled rejection',
    async (hook) => {
      const unhandled: unknown[] = [];
      const listener = (reason: unknown) => unhandled.push(reason);
      process.on('unhandledRejection', listener);
      const provider = new TracerProvider({
        spanProcessors: [
          processorOf({ [hook]: async () => refuse() }),
          processorOf({ [hook]: async () => refuse() }),
        ],
      });
      provider.getTracer('t').startSpan('a').end();
      provider.getTracer('t').startSpan('b').end();
      await new Promise(setImmediate);
      await new Promise(setImmediate);
      process.off('unhandledRejection', listener);
      expect(unhandled).toEqual([]);
      // Two processors of one class are two faults.
      expect(lines).toHaveLength(2);
      expect(lines[0]).toMatch(new RegExp(`${hook} failed: broken`));
    },
  );

  test('by refusing to be read costs no provider', () => {
    const hostile = new Proxy({}, { get: refuse });
    const getter = Object.defineProperty(processorOf({}), 'onEnding', { get: refuse });
    const seen: string[] = [];
    const watching = processorOf({ onEnd: (span) => void seen.push(span.name) });
    const spanProcessors = [hostile as SpanProcessor, getter, watching];
    const provider = new TracerProvider({ spanProcessors });
    provider.getTracer('t').startSpan('a').end();
    expect(seen).toEqual(['a']);
  });

  test.each([
    ['throws', refuse],
    ['rejects', async () => refuse()],
    ['hangs', () => new Promise<void>(() => {})],
    ['returns nothing', () => undefined as never],
  ])('in forceFlush and shutdown, when it %s, ends in time and is said', async (how, fail) => {
    const exporter = new WireRecorder();
    const provider = new TracerProvider({
      spanProcessors: [processorOf({ forceFlush: fail, shutdown: fail }), new BatchSpanProcessor(exporter)],
    });
    provider.getTracer('t').startSpan('a').end();
    await expect(provider.forceFlush({ timeoutMillis: 30 })).resolves.toBeUndefined();
    expect(exporter.spans).toHaveLength(1);
    await expect(provider.shutdown(30)).resolves.toBeUndefined();
    expect(exporter.closed).toBe(1);
    const said = lines.filter((line) => /Object\.(forceFlush|shutdown) failed/.test(line));
    expect(said).toHaveLength(how === 'returns nothing' ? 0 : 2);
  });

  test('without hooks for flushing at all does no harm', async () => {
    const bare = { onStart() {}, onEnd() {} } as unknown as SpanProcessor;
    const provider = new TracerProvider({ spanProcessors: [bare] });
    provider.getTracer('t').startSpan('a').end();
    await provider.forceFlush({ timeoutMillis: 30 });
    await provider.shutdown(30);
  });

  test('spans started in the hooks themselves do not loop', () => {
    let nested = 0;
    const provider = new TracerProvider({
      spanProcessors: [
        processorOf({
          onEnd() {
            nested += 1;
            if (nested < 5) provider.getTracer('inner').startSpan('inner').end();
          },
        }),
      ],
    });
    provider.getTracer('t').startSpan('outer').end();
    expect(provider.stats()).toMatchObject({ started: 5, delegated: 5, live: 0 });
  });
});

describe('the numbers add up', () => {
  const addsUp = (...providers: TracerProvider[]) =>
    expect(providers.map((provider) => balance(provider.stats()))).toEqual(providers.map(() => 0));

  test('where one processor serves two providers, is listed twice, or gets spans through another', async () => {
    const shared = new BatchSpanProcessor(new HeldExporter());
    const two = [0, 1].map(() => new TracerProvider({ spanProcessors: [shared] }));
    const twice = new BatchSpanProcessor(new HeldExporter());
    const listedTwice = new TracerProvider({ spanProcessors: [twice, twice] });
    const inner = new BatchSpanProcessor(new HeldExporter());
    const forwarding = processorOf({ onEnd: (span) => inner.onEnd(span) });
    const forwarded = new TracerProvider({ spanProcessors: [forwarding, inner] });
    for (const provider of [...two, listedTwice, forwarded]) {
      for (const name of ['a', 'b', 'c']) provider.getTracer('t').startSpan(name).end();
      addsUp(...two, listedTwice, forwarded);
    }
    await Promise.all([...two, listedTwice, forwarded].map((provider) => provider.flush(10)));
    addsUp(...two, listedTwice, forwarded);
    expect(two[0].stats()).toMatchObject({ started: 3, delegated: 3 });
  });

  test('as soon as shutdown() is done, whatever the exporter does', async () => {
    const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor(new HeldExporter())] });
    for (const name of ['a', 'b']) provider.getTracer('t').startSpan(name).end();
    await provider.shutdown(20);
    expect(provider.stats()).toMatchObject({ waiting: 0, dropped: { shutdown: 2 } });
    addsUp(provider);
  });
});

test('after shutdown() spans do not record, and live ones still reach processors', async () => {
  const seen: string[] = [];
  const exporter = new WireRecorder();
  const provider = new TracerProvider({
    spanProcessors: [
      processorOf({ onEnd: (span) => void seen.push(span.name) }),
      new BatchSpanProcessor(exporter),
    ],
  });
  const tracer = provider.getTracer('t');
  const live = tracer.startSpan('live');
  await provider.shutdown();
  live.end();
  expect(tracer.startSpan('late').isRecording()).toBe(false);
  expect(seen).toEqual(['live']);
  expect(provider.stats()).toMatchObject({ started: 1, live: 0, dropped: { shutdown: 1 } });
});
