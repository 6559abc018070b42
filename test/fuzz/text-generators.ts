/** @module Inputs of parsers: made by their grammar, and mutated. */
import type { SeededRandom } from '../helpers/engine-random.ts';

/** One character out of those that mean something to one of the parsers, or any. */
const CHARACTERS = [
  '-',
  ',',
  '=',
  ';',
  ':',
  '%',
  ' ',
  '\t',
  '0',
  'f',
  'F',
  '"',
  '\\',
  '\0',
  '\n',
  'é',
  '🌊',
  '\ud83c',
  '\uffff',
];

export function repeated<Item>(random: SeededRandom, most: number, make: () => Item): Item[] {
  return Array.from({ length: random.below(most + 1) }, make);
}

export function digits(random: SeededRandom, length: number, alphabet = '0123456789abcdef'): string {
  let text = '';
  for (let index = 0; index < length; index += 1) text += alphabet[random.below(alphabet.length)];
  return text;
}

export function character(random: SeededRandom): string {
  return random.chance(0.6)
    ? random.pick(CHARACTERS)
    : String.fromCharCode(random.below(random.chance(0.8) ? 128 : 65_536));
}

/** Deletes, inserts, replaces, swaps, repeats and cuts; half of the texts stay as they are. */
export function mutated(random: SeededRandom, given: string): string {
  let text = given;
  if (random.chance(0.5)) return text;
  for (let count = random.below(3); count >= 0; count -= 1) {
    const at = random.below(text.length + 1);
    const end = at + random.below(4);
    const action = random.below(6);
    if (action === 0) text = text.slice(0, at) + text.slice(end);
    else if (action === 1) text = text.slice(0, at) + character(random) + text.slice(at);
    else if (action === 2) text = text.slice(0, at) + character(random) + text.slice(at + 1);
    else if (action === 3) text = text.slice(0, at);
    else if (action === 4) text = text.slice(0, end) + text.slice(at);
    else text = random.chance(0.3) ? text.toUpperCase() : text.slice(at) + text.slice(0, at);
  }
  return text;
}

/** As `mutated`, for bytes. */
export function mutatedBytes(random: SeededRandom, given: Uint8Array): Uint8Array {
  if (random.chance(0.3)) return given;
  const bytes = [...given];
  for (let count = random.below(4); count >= 0; count -= 1) {
    const at = random.below(bytes.length + 1);
    const action = random.below(4);
    if (action === 0) bytes.splice(at, random.below(4));
    else if (action === 1) bytes.splice(at, 0, random.below(256));
    else if (action === 2 && at < bytes.length) bytes[at] ^= 1 << random.below(8);
    else if (action === 3) bytes.length = at;
  }
  return Uint8Array.from(bytes);
}

/** Percent-encoded text, sound or not. */
export function percent(random: SeededRandom): string {
  const one = (): string => {
    const mood = random.next();
    if (mood < 0.5) return random.pick(['a', 'key', '1', 'x-y', '']);
    if (mood < 0.8) return encodeURIComponent(random.pick(['é', '漢', '🌊', ' ', ',', '=', ';', '"']));
    return `%${digits(random, 2, '0123456789abcdefABCDEFg')}`;
  };
  return repeated(random, 3, one).join('');
}

export function traceParent(random: SeededRandom): string {
  const version = random.chance(0.8) ? '00' : digits(random, 2);
  const zeros = random.chance(0.05);
  const tail = random.chance(0.9) ? '' : `-${digits(random, random.below(20))}`;
  const traceId = zeros ? '0'.repeat(32) : digits(random, 32);
  return `${version}-${traceId}-${digits(random, 16)}-${digits(random, 2)}${tail}`;
}

const KEY_TEXT = 'abcxyz0189_-*/@';
const VALUE_TEXT = 'abcXYZ019 !#$%&()*+-./:;<>?@[]^_`{|}~';

export function traceState(random: SeededRandom): string {
  const member = (): string => {
    const key = digits(random, 1 + random.below(random.chance(0.05) ? 300 : 6), KEY_TEXT);
    return `${key}=${digits(random, random.below(random.chance(0.05) ? 300 : 8), VALUE_TEXT)}`;
  };
  return repeated(random, random.chance(0.05) ? 40 : 4, member).join(random.pick([',', ', ', ' ,', ',,']));
}

export function baggage(random: SeededRandom): string {
  const property = (): string => `;${percent(random)}${random.chance(0.5) ? `=${percent(random)}` : ''}`;
  const member = (): string =>
    `${percent(random)}=${percent(random)}${repeated(random, 2, property).join('')}`;
  return repeated(random, random.chance(0.02) ? 90 : 4, member).join(random.pick([',', ' , ', ',,']));
}

export function b3(random: SeededRandom): string {
  const id = digits(random, random.chance(0.5) ? 32 : 16);
  const state = random.pick(['', '-0', '-1', '-d', '-', '-true']);
  return `${id}-${digits(random, 16)}${state}${random.chance(0.2) ? `-${digits(random, 16)}` : ''}`;
}

export function keyValues(random: SeededRandom): string {
  const member = (): string => `${percent(random)}${random.pick(['=', ' = ', '==', ''])}${percent(random)}`;
  return repeated(random, 4, member).join(',');
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec', 'Foo'];

/** Seconds, or a date in one of the three forms of RFC 9110 §5.6.7. */
export function retryAfter(random: SeededRandom): string {
  if (random.chance(0.4)) return digits(random, random.below(random.chance(0.02) ? 400 : 6), '0123456789');
  const two = (limit: number): string => String(random.below(limit)).padStart(2, '0');
  const day = random.pick(DAYS);
  const month = random.pick(MONTHS);
  const time = `${two(25)}:${two(61)}:${two(61)}`;
  const form = random.below(3);
  if (form === 0) return `${day.slice(0, 3)}, ${two(33)} ${month} 20${two(40)} ${time} GMT`;
  if (form === 1) return `${day}, ${two(33)}-${month}-${two(100)} ${time} GMT`;
  return `${day.slice(0, 3)} ${month} ${String(random.below(32)).padStart(2)} ${time} 20${two(40)}`;
}
