/**
 * @module Random programs of API calls. They hold what both SDKs must treat alike; where they are meant to differ is
 * in intended-differences.ts, and each `not here:` below names the entry.
 */

import { SeededRandom } from '../helpers/engine-random.ts';
import type { Encoded, Operation, ParentRecipe, Recipe, SamplerRecipe, StartOperation } from './recipe.ts';

/** What a version of upstream takes as attributes of spans and links. */
export type ValueKinds = 'simple' | 'any';

const KEYS = ['a', 'b', 'c', 'http.method', 'gen_ai.request.model', 'ключ', '键', '🔑'];
const WORDS = ['', 'x', 'GET', 'héllo', '日本語', 'tab\tand\nline', '\0', 'a'.repeat(40), 'é'.repeat(70)];
const PAIRS = ['😀', 'a😀b', '👩‍👩‍👧', '\ud800', 'x\udc00y'];
const NUMBERS = [0, 1, -1, 127, 128, 2 ** 31, -(2 ** 31), 2 ** 53, 0.1, -1.5, 1e-7, 5e-324, 1e300];
const UNWRITABLE_NUMBERS = [
  'NaN',
  'Infinity',
  '-Infinity',
  '-0',
  '9223372036854774784',
  '-9223372036854775808',
];
const TRACE_STATES = ['vendor=1', 'a=1,b=2', 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7'];
const NOT_SET: Encoded = { $: 'undefined' };
const MOST_DEPTH = 3;
const HEX = '0123456789abcdef';

type Limits = Readonly<Record<string, number>>;

class ProgramMaker {
  private readonly random: SeededRandom;
  private readonly kinds: ValueKinds;
  private readonly limits: Limits;
  private readonly scopeCount: number;
  private spans = 0;
  private budget: number;
  private readonly hasManyKeys: boolean;

  constructor(random: SeededRandom, kinds: ValueKinds, limits: Limits, scopeCount: number) {
    this.random = random;
    this.kinds = kinds;
    this.limits = limits;
    this.scopeCount = scopeCount;
    this.hasManyKeys = random.chance(0.1);
    this.budget = 4 + random.below(28);
  }

  text(): string {
    const { random } = this;
    // not here: a length limit between the halves of a surrogate pair ('cut-on-characters').
    if (this.limits.attributeValueLengthLimit === undefined && random.chance(0.15)) return random.pick(PAIRS);
    return random.chance(0.8) ? random.pick(WORDS) : random.pick(WORDS) + random.pick(WORDS);
  }

  number(): Encoded {
    const { random } = this;
    if (random.chance(0.15)) return { $: 'number', text: random.pick(UNWRITABLE_NUMBERS) };
    if (random.chance(0.3)) return random.next() * 10 ** random.below(12);
    return random.chance(0.3) ? random.below(1e6) : random.pick(NUMBERS);
  }

  simple(): Encoded {
    const { random } = this;
    const scalars = [() => this.text(), () => this.number(), () => random.chance(0.5)];
    const scalar = random.pick(scalars);
    if (random.chance(0.7)) return scalar();
    const list: Encoded[] = Array.from({ length: random.below(4) }, scalar);
    if (random.chance(0.2)) list.splice(random.below(list.length + 1), 0, random.pick([null, NOT_SET]));
    return list;
  }

  any(depth = 0): Encoded {
    const { random } = this;
    if (depth >= MOST_DEPTH || random.chance(0.4)) return this.simple();
    const size = random.below(4);
    switch (random.below(4)) {
      case 0:
        return null;
      case 1:
        return { $: 'bytes', bytes: Array.from({ length: random.below(20) }, () => random.below(256)) };
      case 2:
        return Array.from({ length: size }, () => this.any(depth + 1));
      default:
        return Object.fromEntries(Array.from({ length: size }, () => [this.key(), this.any(depth + 1)]));
    }
  }

  key(): string {
    const { random } = this;
    return random.chance(this.hasManyKeys ? 0.1 : 0.9) ? random.pick(KEYS) : `key.${random.below(5000)}`;
  }

  /** A value for a span or a link. */
  private value(): Encoded {
    return this.kinds === 'any' ? this.any() : this.simple();
  }

  private maybe(value: () => Encoded): Encoded {
    return this.random.chance(0.06) ? NOT_SET : value();
  }

  private map(most: number, value: () => Encoded): Encoded {
    return Object.fromEntries(Array.from({ length: this.random.below(most) }, () => [this.key(), value()]));
  }

  private attributes(): Encoded {
    // Sometimes more than the default limit.
    const most = this.random.chance(0.01) ? 400 : 7;
    return this.map(most, () => this.maybe(() => this.value()));
  }

  /** Of a link. */
  private linkAttributes(): Encoded {
    // not here: `undefined` that 2.x exports as an empty value ('undefined-in-links-and-events').
    return this.map(6, () => (this.kinds === 'any' ? this.maybe(() => this.value()) : this.value()));
  }

  /** Of an event. */
  private eventAttributes(): Encoded {
    // not here: what only AnyValue can hold ('any-value-in-events'), and `undefined` as in links.
    return this.map(6, () => (this.kinds === 'any' ? this.maybe(() => this.simple()) : this.simple()));
  }

  /** Of a sampler. */
  samplerAttributes(): Encoded {
    // not here: `undefined`, with which a sampler takes an attribute away ('undefined-from-sampler').
    const attributes = this.map(5, () => this.value());
    if (this.limits.attributeCountLimit === undefined) return attributes;
    // not here: a key of the start that the limit refuses once more ('refused-twice').
    const entries = Object.entries(attributes as object);
    return Object.fromEntries(entries.map(([key, value]) => [`sampler.${key}`, value]));
  }

  /** A moment in 2001 to 2017, in one of the forms of `TimeInput`; nothing of it is near the time of the run. */
  time(): Encoded {
    const { random } = this;
    const seconds = 1_000_000_000 + random.below(500_000_000);
    const millis = random.chance(0.5) ? random.below(1000) : random.next() * 1000;
    switch (random.below(6)) {
      case 0:
        return [seconds, random.below(1e9)];
      case 1:
        return [seconds, 1e9 + random.below(1e9)];
      case 2:
        return { $: 'date', millis: seconds * 1000 + Math.floor(millis) };
      case 3:
        // Counts from the start of the process, as `performance.now()` does.
        return random.next();
      default:
        return seconds * 1000 + millis;
    }
  }

  private maybeTime(): Encoded {
    return this.random.chance(0.7) ? this.time() : NOT_SET;
  }

  private hex(length: number): string {
    return `1${Array.from({ length: length - 1 }, () => this.random.pick([...HEX])).join('')}`;
  }

  spanContext(): Encoded {
    const { random } = this;
    return {
      $: 'context',
      traceId: this.hex(32),
      spanId: this.hex(16),
      // not here: the random flag of a parent ('random-flag').
      traceFlags: random.below(2),
      ...(random.chance(0.7) && { isRemote: random.chance(0.7) }),
      ...(random.chance(0.4) && { traceState: random.pick(TRACE_STATES) }),
    };
  }

  private invalidContext(): Encoded {
    const { random } = this;
    const [traceId, spanId] = random.pick([
      ['0'.repeat(32), '0'.repeat(16)],
      [this.hex(32), '0'.repeat(16)],
      ['0'.repeat(32), this.hex(16)],
      ['short', 'id'],
    ]);
    return { $: 'context', traceId, spanId, traceFlags: 1, isRemote: true };
  }

  /** not here: an empty context that says nothing, or whose attributes a limit takes away ('empty-link'). */
  private emptyLink(): Encoded {
    const zero = { $: 'context', traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 };
    const attributes = { a: 1, ...(this.linkAttributes() as object) };
    if (this.limits.attributePerLinkCountLimit !== 0 && this.random.chance(0.5)) {
      return { context: zero, attributes };
    }
    return { context: { ...zero, traceState: this.random.pick(TRACE_STATES) }, attributes };
  }

  private link(): Encoded {
    const { random } = this;
    if (random.chance(0.1)) return this.emptyLink();
    return { context: this.spanContext(), ...(random.chance(0.7) && { attributes: this.linkAttributes() }) };
  }

  private links(): Encoded[] {
    return Array.from({ length: this.random.below(4) }, () => this.link());
  }

  private parent(): ParentRecipe | undefined {
    const { random } = this;
    const choice = random.next();
    if (choice < 0.45) return undefined;
    if (choice < 0.55) return 'root';
    if (choice < 0.75 && this.spans > 0) return { span: random.below(this.spans) };
    if (choice < 0.92) return { remote: this.spanContext() };
    return choice < 0.96 ? { remote: this.invalidContext() } : { suppressed: true };
  }

  private options(): Encoded | undefined {
    const { random } = this;
    if (random.chance(0.1)) return undefined;
    return {
      ...(random.chance(0.6) && { kind: random.below(5) }),
      ...(random.chance(0.6) && { attributes: this.attributes() }),
      ...(random.chance(0.4) && { links: this.links() }),
      ...(random.chance(0.8) && { startTime: this.time() }),
      ...(random.chance(0.1) && { root: true }),
    };
  }

  private start(isAsync: boolean, depth: number): Operation[] {
    const { random } = this;
    const span = this.spans;
    this.spans += 1;
    const start: StartOperation = {
      do: 'start',
      span,
      scope: random.below(this.scopeCount),
      name: this.text(),
      options: this.options(),
      parent: this.parent(),
    };
    if (depth < MOST_DEPTH && random.chance(0.4)) {
      start.isAsync = isAsync && random.chance(0.6);
      start.body = this.body(start.isAsync, depth + 1);
    }
    // Some spans never end, and some end in the middle of what follows.
    return random.chance(0.6) ? [start, this.end(span)] : [start];
  }

  private end(span: number): Operation {
    return { do: 'call', span, method: 'end', arguments: this.random.chance(0.8) ? [this.time()] : [] };
  }

  private exception(): Encoded {
    const { random } = this;
    switch (random.below(4)) {
      case 0:
        return this.text();
      case 1:
        return {
          $: 'error',
          type: random.pick(['Error', 'TypeError', 'RangeError']),
          message: this.text(),
          stack: 'Error: x\n    at f (file.js:1:2)',
          ...(random.chance(0.5) && { code: random.pick<Encoded>(['ENOENT', 404, 0, '']) }),
          ...(random.chance(0.3) && {
            cause: { $: 'error', type: 'Error', message: 'the cause', stack: 's' },
          }),
        };
      case 2:
        return { name: 'Custom', message: this.text(), ...(random.chance(0.5) && { stack: 'stack' }) };
      default:
        return random.pick<Encoded>([
          {},
          { message: '' },
          { code: 5 },
          { message: 'only' },
          { name: 'only' },
        ]);
    }
  }

  private status(): Encoded {
    const { random } = this;
    return { code: random.below(3), ...(random.chance(0.6) && { message: this.text() }) };
  }

  private call(): Operation {
    const { random } = this;
    const span = random.below(Math.max(this.spans, 1));
    const call = (method: string, ...given: Encoded[]): Operation => ({
      do: 'call',
      span,
      method,
      arguments: given,
    });
    switch (random.below(10)) {
      case 0:
      case 1:
        return call(
          'setAttribute',
          this.key(),
          this.maybe(() => this.value()),
        );
      case 2:
        return call('setAttributes', this.attributes());
      case 3:
        return call('addEvent', this.text(), this.eventAttributes(), this.maybeTime());
      case 4:
        return random.chance(0.5)
          ? call('addEvent', this.text(), this.time())
          : call('addEvent', this.text());
      case 5:
        return random.chance(0.5) ? call('addLink', this.link()) : call('addLinks', this.links());
      case 6:
        return call('setStatus', this.status());
      case 7:
        return call('updateName', this.text());
      case 8:
        return call('recordException', this.exception(), this.maybeTime());
      default:
        return this.end(span);
    }
  }

  body(isAsync: boolean, depth: number): Operation[] {
    const { random } = this;
    const operations: Operation[] = [];
    const length = 1 + random.below(8);
    while (operations.length < length && this.budget > 0) {
      this.budget -= 1;
      const choice = random.next();
      if (this.spans === 0 || choice < 0.25) operations.push(...this.start(isAsync, depth));
      else if (choice < 0.8 || depth >= MOST_DEPTH) operations.push(this.call());
      else if (choice < 0.88) {
        const parent = this.parent() ?? { span: random.below(this.spans) };
        operations.push({ do: 'with', parent, isAsync, body: this.body(isAsync, depth + 1) });
      } else if (!isAsync) operations.push(this.call());
      else if (choice < 0.93) {
        const bodies = Array.from({ length: 2 }, () => this.body(true, depth + 1));
        operations.push({ do: 'together', bodies });
      } else if (choice < 0.96) operations.push({ do: 'later', body: this.body(true, depth + 1) });
      else operations.push({ do: 'tick' });
    }
    return operations;
  }

  operations(): Operation[] {
    const operations: Operation[] = [];
    while (this.budget > 0) operations.push(...this.body(true, 0));
    return operations;
  }
}

function spanLimits(random: SeededRandom): Limits {
  if (random.chance(0.4)) return {};
  const limits: Record<string, number> = {};
  const names = [
    ...['attributeCountLimit', 'eventCountLimit', 'linkCountLimit'],
    ...['attributePerEventCountLimit', 'attributePerLinkCountLimit'],
  ];
  for (const name of names) if (random.chance(0.6)) limits[name] = random.below(5);
  if (random.chance(0.5)) limits.attributeValueLengthLimit = random.pick([1, 3, 8, 64]);
  return limits;
}

function plainSampler(random: SeededRandom): SamplerRecipe {
  const choice = random.next();
  if (choice < 0.5) return { kind: 'on' };
  return choice < 0.7 ? { kind: 'off' } : { kind: 'ratio', ratio: random.pick([0, 0.3, 0.5, 0.9, 1]) };
}

const PARENT_KINDS = [
  ...['remoteParentSampled', 'remoteParentNotSampled', 'localParentSampled', 'localParentNotSampled'],
];

function samplerRecipe(random: SeededRandom, maker: ProgramMaker, limits: Limits): SamplerRecipe {
  const choice = random.next();
  if (choice < 0.4) return { kind: 'default' };
  if (choice < 0.5) return plainSampler(random);
  if (choice < 0.6) {
    const others = PARENT_KINDS.filter(() => random.chance(0.4)).map((name) => [name, plainSampler(random)]);
    return { kind: 'parent-based', root: plainSampler(random), others: Object.fromEntries(others) };
  }
  if (choice < 0.65) return { kind: 'always-record', delegate: plainSampler(random) };
  return {
    kind: 'custom',
    decisions: random.pick([[2], [2, 2, 1], [2, 0, 2, 1]]),
    ...(random.chance(0.6) && { attributes: maker.samplerAttributes() }),
    ...(random.chance(0.4) && { traceState: random.pick(TRACE_STATES) }),
    // not here: attributes beyond the limit, which upstream shows to a sampler ('sampler-sees-what-is-kept').
    tells: limits.attributeCountLimit === undefined && random.chance(0.5),
  };
}

const SCOPES: readonly Encoded[] = [
  { name: 'plain' },
  { name: 'versioned', version: '1.2.3' },
  { name: 'with schema', version: '0', schemaUrl: 'schema:scope' },
  { name: 'with schema', version: '0', schemaUrl: 'schema:other' },
  { name: '' },
  { name: 'plain' },
];

/** The program of this seed, for an upstream that takes such values. */
export function makeProgram(seed: number, kinds: ValueKinds): Recipe {
  const random = new SeededRandom(seed);
  const limits = spanLimits(random);
  const scopes = Array.from({ length: 1 + random.below(3) }, () => random.pick(SCOPES));
  const maker = new ProgramMaker(random, kinds, limits, scopes.length);
  return {
    seed,
    resource: {
      attributes: { 'service.name': 'differential', list: [1, 2], ok: true },
      ...(random.chance(0.5) && { schemaUrl: 'schema:resource' }),
    },
    spanLimits: limits,
    sampler: samplerRecipe(random, maker, limits),
    scopes,
    operations: maker.operations(),
  };
}
