/**
 * One program, two context managers: ours and that of opentelemetry-js must show the same active context at every
 * point, and the one that was meant. Each program runs under a span, and once more where tracing is suppressed.
 */
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { readFile } from 'node:fs';
import { Readable, Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { type Context, type ContextManager, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager as UpstreamManager } from '@opentelemetry/context-async-hooks';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AsyncLocalStorageContextManager } from '../src/api/context.ts';
import { isTracingSuppressed, suppressTracing } from '../src/api/suppress-tracing.ts';

/** What a program is given to change the active context and to note it. */
interface Tools {
  readonly manager: ContextManager;
  /** The active context with another span, named by a digit. */
  span(name: string): Context;
  /** Runs `fn` under the span of that name. */
  under<Result>(name: string, fn: () => Result): Result;
  /** Notes which span is active, with `!` where tracing is suppressed; `-` for none. */
  note(point: string): void;
}

type Notes = Map<string, string>;
type Program = (tools: Tools) => Promise<void> | void;

function toolsOf(manager: ContextManager, notes: Notes): Tools {
  const span = (name: string): Context => {
    const spanContext = { traceId: name.repeat(32), spanId: name.repeat(16), traceFlags: 1 };
    return trace.setSpanContext(manager.active(), spanContext);
  };
  return {
    manager,
    span,
    under: (name, fn) => manager.with(span(name), fn),
    note(point) {
      const active = trace.getSpanContext(manager.active())?.spanId[0] ?? '-';
      expect(notes.has(point), `${point} is noted once`).toBe(false);
      notes.set(point, isTracingSuppressed(manager.active()) ? `${active}!` : active);
    },
  };
}

async function notesOf(manager: ContextManager, program: Program, base: Context): Promise<Notes> {
  const notes: Notes = new Map();
  await manager.with(base, async () => program(toolsOf(manager, notes)));
  return notes;
}

/** Runs the program under both managers, plain and suppressed, and holds both to what is expected. */
async function compare(program: Program, expected: Record<string, string>): Promise<void> {
  for (const [base, mark] of [
    [ROOT_CONTEXT, ''],
    [suppressTracing(ROOT_CONTEXT), '!'],
  ] as const) {
    const ours = await notesOf(new AsyncLocalStorageContextManager(), program, base);
    const theirs = await notesOf(new UpstreamManager(), program, base);
    const meant = Object.fromEntries(Object.entries(expected).map(([point, name]) => [point, name + mark]));
    expect(Object.fromEntries(ours)).toEqual(meant);
    expect(Object.fromEntries(theirs)).toEqual(meant);
  }
}

const called = (start: (callback: () => void) => unknown, fn: () => void): Promise<void> =>
  new Promise((resolve) => {
    start(() => {
      fn();
      resolve();
    });
  });

describe('the active context goes through', () => {
  test('promises: then, catch, finally, await, all, race and thenables', () =>
    compare(
      async ({ under, note }) => {
        const outside = Promise.resolve();
        await under('1', async () => {
          await outside;
          note('after await of a promise made outside');
          await outside.then(() => note('then()'));
          await Promise.reject(new Error('x')).catch(() => note('catch'));
          await outside.finally(() => note('finally'));
          await Promise.all([outside, outside]);
          note('after all');
          await Promise.race([outside, new Promise(() => {})]);
          note('after race');
          // biome-ignore lint/suspicious/noThenProperty: awaiting one is the point
          await { then: (resolve: (value: unknown) => void) => resolve(note('thenable')) };
          await under('2', async () => {
            await outside;
            note('inner');
          });
          note('after inner');
        });
        note('after outer');
      },
      {
        'after await of a promise made outside': '1',
        'then()': '1',
        catch: '1',
        finally: '1',
        'after all': '1',
        'after race': '1',
        thenable: '1',
        inner: '2',
        'after inner': '1',
        'after outer': '-',
      },
    ));

  test('a promise resolved elsewhere: what follows has the context of who waits', () =>
    compare(
      async ({ under, note }) => {
        let release = (): void => {};
        const gate = new Promise<void>((resolve) => {
          release = resolve;
        });
        const waiting = under('1', () => gate.then(() => note('who waits')));
        under('2', () => setImmediate(release));
        await waiting;
      },
      { 'who waits': '1' },
    ));

  test('timers, ticks and microtasks', () =>
    compare(
      async ({ under, note }) => {
        await under('1', async () => {
          await called(
            (callback) => setTimeout(callback, 1),
            () => note('setTimeout'),
          );
          await called(setImmediate, () => note('setImmediate'));
          await called(process.nextTick, () => note('nextTick'));
          await called(queueMicrotask, () => note('queueMicrotask'));
          await new Promise<void>((resolve) => {
            let rounds = 0;
            const timer = setInterval(() => {
              rounds += 1;
              note(`setInterval ${rounds}`);
              if (rounds < 2) return;
              clearInterval(timer);
              resolve();
            }, 1);
          });
          await promisify(setTimeout)(1);
          note('promisified timer');
        });
      },
      {
        setTimeout: '1',
        setImmediate: '1',
        nextTick: '1',
        queueMicrotask: '1',
        'setInterval 1': '1',
        'setInterval 2': '1',
        'promisified timer': '1',
      },
    ));

  test('timers that start timers, each under its own span', () =>
    compare(
      async ({ under, note }) => {
        await under('1', () =>
          called(setImmediate, () => note('first')).then(() =>
            under('2', () =>
              called(
                (callback) => setTimeout(() => process.nextTick(callback), 1),
                () => note('second'),
              ),
            ),
          ),
        );
      },
      { first: '1', second: '2' },
    ));

  test('callbacks of the file system and of child processes', () =>
    compare(
      async ({ under, note }) => {
        await under('1', async () => {
          await called(
            (callback) => readFile(new URL(import.meta.url), callback),
            () => note('readFile'),
          );
          await called(
            (callback) => execFile(process.execPath, ['-e', ''], { timeout: 10_000 }, callback),
            () => note('execFile'),
          );
        });
      },
      { readFile: '1', execFile: '1' },
    ));
});

describe('event emitters', () => {
  test('run listeners in the context of who emits; a bound emitter, a bound listener, in its own', () =>
    compare(
      async ({ manager, span, under, note }) => {
        const plain = new EventEmitter();
        const bound = manager.bind(span('3'), new EventEmitter());
        under('1', () => {
          plain.on('x', () => note('plain'));
          plain.on(
            'x',
            manager.bind(span('4'), () => note('bound listener')),
          );
          bound.on('x', () => note('bound emitter'));
          bound.once('y', () => note('bound emitter, once'));
        });
        under('2', () => {
          for (const emitter of [plain, bound]) emitter.emit('x');
          bound.emit('y');
        });
        const arrives = under('1', async () => {
          await once(plain, 'z');
          note('after once()');
        });
        under('2', () => plain.emit('z'));
        await arrives;
      },
      {
        plain: '2',
        'bound listener': '4',
        'bound emitter': '3',
        'bound emitter, once': '3',
        'after once()': '1',
      },
    ));
});

describe('streams', () => {
  const upper = (note: () => void) =>
    new Transform({
      transform(chunk, _encoding, done) {
        note();
        done(null, String(chunk).toUpperCase());
      },
      flush(done) {
        done();
      },
    });

  test('a pipeline has the context it was started in, in each of its parts', () =>
    compare(
      async ({ under, note }) => {
        const seen: string[] = [];
        const counts: Record<string, number> = {};
        const noteNext = (part: string): void => {
          counts[part] = (counts[part] ?? 0) + 1;
          note(`${part} ${counts[part]}`);
        };
        await under('1', async () => {
          const lines = Readable.from(
            (function* () {
              for (const line of ['a', 'b']) {
                noteNext('source');
                yield line;
              }
            })(),
          );
          const sink = new Writable({
            write(chunk, _encoding, done) {
              noteNext('write');
              seen.push(String(chunk));
              setImmediate(done);
            },
          });
          await pipeline(
            lines,
            upper(() => noteNext('transform')),
            sink,
          );
          note('after the pipeline');
        });
        expect(seen).toEqual(['A', 'B']);
      },
      {
        ...{ 'source 1': '1', 'source 2': '1', 'transform 1': '1', 'transform 2': '1' },
        ...{ 'write 1': '1', 'write 2': '1', 'after the pipeline': '1' },
      },
    ));

  test('a stream made under one span and read under another is read under the latter', () =>
    compare(
      async ({ under, note }) => {
        const lines = under('1', () => Readable.from(['a']));
        await under('2', async () => {
          for await (const line of lines) note(`line ${line}`);
          note('after the loop');
        });
      },
      { 'line a': '2', 'after the loop': '2' },
    ));
});

describe('async generators', () => {
  test('have the context of who asks for the next value; so does the loop', () =>
    compare(
      async ({ under, note }) => {
        async function* produce(): AsyncGenerator<number> {
          note('producer, first');
          yield 1;
          note('producer, second');
          await Promise.resolve();
          note('producer, after await');
          yield 2;
        }
        const values = under('1', produce);
        await under('2', async () => {
          await values.next();
          note('consumer, first');
        });
        await under('3', async () => {
          await values.next();
          note('consumer, second');
          await values.return(undefined);
        });
      },
      {
        ...{ 'producer, first': '2', 'consumer, first': '2' },
        ...{ 'producer, second': '3', 'producer, after await': '3', 'consumer, second': '3' },
      },
    ));

  test('a producer that sets a context of its own keeps it to itself', () =>
    compare(
      async ({ under, note }) => {
        async function* produce(): AsyncGenerator<number> {
          yield await under('2', async () => {
            await Promise.resolve();
            note('producer');
            return 1;
          });
          note('between two values');
        }
        await under('1', async () => {
          for await (const value of produce()) note(`consumer ${value}`);
          note('after the loop');
        });
      },
      { producer: '2', 'consumer 1': '1', 'between two values': '1', 'after the loop': '1' },
    ));

  test('a loop that is left early runs its finally block in the context of the loop', () =>
    compare(
      async ({ under, note }) => {
        async function* produce(): AsyncGenerator<number> {
          try {
            yield 1;
          } finally {
            await Promise.resolve();
            note('finally');
          }
        }
        const values = under('2', produce);
        await under('1', async () => {
          for await (const _ of values) break;
          note('after break');
        });
      },
      { finally: '1', 'after break': '1' },
    ));
});

describe('AsyncResource and AsyncLocalStorage', () => {
  test('a resource carries the context it was made in: bind, static bind, runInAsyncScope', () =>
    compare(
      async ({ under, note }) => {
        const [resource, bound, snapshot] = under('1', () => {
          const made = new AsyncResource('test');
          return [
            made,
            AsyncResource.bind(() => note('static bind')),
            made.bind(() => note('bind')),
          ] as const;
        });
        await under('2', async () => {
          bound();
          snapshot();
          resource.runInAsyncScope(() => note('runInAsyncScope'));
          note('beside them');
          await Promise.resolve();
          resource.runInAsyncScope(() => queueMicrotask(() => note('microtask of the scope')));
          await Promise.resolve();
          note('after await');
        });
      },
      {
        ...{ 'static bind': '1', bind: '1', runInAsyncScope: '1', 'beside them': '2' },
        ...{ 'microtask of the scope': '1', 'after await': '2' },
      },
    ));

  test('storages of the program and ours do not meet', () =>
    compare(
      async ({ under, note }) => {
        const storage = new AsyncLocalStorage<string>();
        await under('1', () =>
          storage.run('theirs', async () => {
            await under('2', async () => {
              await Promise.resolve();
              note('inside both');
              expect(storage.getStore()).toBe('theirs');
              storage.exit(() => note('outside theirs'));
              storage.enterWith('entered');
              note('after enterWith');
            });
            note('after ours');
            expect(storage.getStore()).toBe('theirs');
          }),
        );
        storage.disable();
        note('after disable');
      },
      {
        ...{ 'inside both': '2', 'outside theirs': '2', 'after enterWith': '2' },
        ...{ 'after ours': '1', 'after disable': '-' },
      },
    ));
});

describe('any program', () => {
  type Step = { readonly kind: string; readonly span: string | undefined; readonly next: readonly Step[] };
  const ways: Record<string, (callback: () => void) => unknown> = {
    ...{ setImmediate, nextTick: process.nextTick, queueMicrotask },
    timeout: (callback) => setTimeout(callback, 0),
    await: async (callback) => {
      await Promise.resolve();
      callback();
    },
    reaction: (callback) => Promise.resolve().then(callback),
    resource: (callback) => setImmediate(AsyncResource.bind(callback)),
    emitter: (callback) => {
      const emitter = new EventEmitter();
      emitter.once('x', callback);
      queueMicrotask(() => emitter.emit('x'));
    },
    generator: async (callback) => {
      const values = (async function* () {
        yield await Promise.resolve(1);
      })();
      for await (const _ of values) callback();
    },
    stream: (callback) => Readable.from(['x']).on('data', callback),
  };
  const steps = fc.memo(
    (depth): fc.Arbitrary<Step> =>
      fc.record({
        kind: fc.constantFrom(...Object.keys(ways)),
        span: fc.option(fc.constantFrom(...'123456789'), { nil: undefined }),
        next: depth > 1 ? fc.array(steps(), { maxLength: 3 }) : fc.constant([]),
      }),
  );

  async function perform(tools: Tools, { kind, span, next }: Step, path: string): Promise<void> {
    const go = async (): Promise<void> => {
      await called(ways[kind], () => tools.note(path));
      await Promise.all(next.map((one, index) => perform(tools, one, `${path}.${index}`)));
    };
    await (span === undefined ? go() : tools.under(span, go));
  }

  /** What has to be active: the span of the nearest step around that sets one. */
  function meant({ span, next }: Step, around: string, path: string): [string, string][] {
    const active = span ?? around;
    return [[path, active], ...next.flatMap((one, index) => meant(one, active, `${path}.${index}`))];
  }

  test('shows the same span at the same point under both managers', async () => {
    await fc.assert(
      fc.asyncProperty(steps(4), (root) =>
        compare((tools) => perform(tools, root, '0'), Object.fromEntries(meant(root, '-', '0'))),
      ),
      { numRuns: 60 },
    );
  });
});
