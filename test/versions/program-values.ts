/**
 * @module Random values of API calls: those that both SDKs must treat alike. Where they are meant to differ is in
 * intended-differences.ts, and each `not here:` below names the entry.
 */

import type { SeededRandom } from '../helpers/engine-random.ts';
import type { Encoded, Recipe } from './recipe.ts';

/** What a version of upstream takes as attributes of spans and links. */
export type ValueKinds = 'simple' | 'any';

const KEYS = ['a', 'b', 'c', 'http.method', 'gen_ai.request.model', 'ключ', '键', '🔑'];
const WORDS = ['', 'x', 'GET', 'héllo', '日本語', 'tab\tand\nline', '\0', 'a'.repeat(40), 'é'.repeat(70)];
/** Longer than what is staged together, than a value that is remembered, and than a block of the arena. */
const LONG = ['long '.repeat(300), '長い'.repeat(2000), 'block '.repeat(30_000)];
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
export const TRACE_STATES = ['vendor=1', 'a=1,b=2', 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7'];
const NOT_SET: Encoded = { $: 'undefined' };
const MOST_NESTED = 3;
const HEX = '0123456789abcdef';

export type Limits = Readonly<Record<string, number>>;

export class ValueMaker {
  readonly random: SeededRandom;
  readonly kinds: ValueKinds;
  readonly limits: Limits;
  readonly hasManyKeys: boolean;

  constructor(random: SeededRandom, kinds: ValueKinds, limits: Limits) {
    this.random = random;
    this.kinds = kinds;
    this.limits = limits;
    this.hasManyKeys = random.chance(0.1);
  }

  text(): string {
    const { random } = this;
    // not here: a length limit between the halves of a surrogate pair ('cut-on-characters').
    if (this.limits.attributeValueLengthLimit === undefined && random.chance(0.15)) return random.pick(PAIRS);
    if (random.chance(0.005)) return random.pick(LONG);
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
    if (depth >= MOST_NESTED || random.chance(0.4)) return this.simple();
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
  value(): Encoded {
    return this.kinds === 'any' ? this.any() : this.simple();
  }

  maybe(value: () => Encoded): Encoded {
    return this.random.chance(0.06) ? NOT_SET : value();
  }

  map(most: number, value: () => Encoded): Encoded {
    return Object.fromEntries(Array.from({ length: this.random.below(most) }, () => [this.key(), value()]));
  }

  attributes(): Encoded {
    // Sometimes more than the default limit.
    const most = this.hasManyKeys && this.random.chance(0.1) ? 400 : 7;
    return this.map(most, () => this.maybe(() => this.value()));
  }

  /** Of a link. */
  linkAttributes(): Encoded {
    // not here: `undefined` that 2.x exports as an empty value ('undefined-in-links-and-events').
    return this.map(6, () => (this.kinds === 'any' ? this.maybe(() => this.value()) : this.value()));
  }

  /** Of an event. */
  eventAttributes(): Encoded {
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

  maybeTime(): Encoded {
    return this.random.chance(0.7) ? this.time() : NOT_SET;
  }

  hex(length: number): string {
    return `1${Array.from({ length: length - 1 }, () => this.random.pick([...HEX])).join('')}`;
  }

  spanContext(): Encoded {
    const { random } = this;
    return {
      $: 'context',
      traceId: this.hex(32),
      spanId: this.hex(16),
      // not here: the random flag of a parent ('random-flag-of-parent').
      traceFlags: random.below(2),
      ...(random.chance(0.7) && { isRemote: random.chance(0.7) }),
      ...(random.chance(0.4) && { traceState: random.pick(TRACE_STATES) }),
    };
  }

  invalidContext(): Encoded {
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
  emptyLink(): Encoded {
    const zero = { $: 'context', traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 };
    const attributes = { ...(this.linkAttributes() as object), a: 1 };
    if (this.limits.attributePerLinkCountLimit !== 0 && this.random.chance(0.5)) {
      return { context: zero, attributes };
    }
    return { context: { ...zero, traceState: this.random.pick(TRACE_STATES) }, attributes };
  }

  link(): Encoded {
    const { random } = this;
    if (random.chance(0.1)) return this.emptyLink();
    return { context: this.spanContext(), ...(random.chance(0.7) && { attributes: this.linkAttributes() }) };
  }

  links(): Encoded[] {
    return Array.from({ length: this.random.below(4) }, () => this.link());
  }

  exception(): Encoded {
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

  status(): Encoded {
    const { random } = this;
    return { code: random.below(3), ...(random.chance(0.6) && { message: this.text() }) };
  }

  resource(): Recipe['resource'] {
    const { random } = this;
    return {
      attributes: {
        ...(random.chance(0.8) && { 'service.name': 'differential' }),
        ...(this.map(4, () => this.simple()) as object),
      },
      ...(random.chance(0.5) && { schemaUrl: 'schema:resource' }),
    };
  }
}
