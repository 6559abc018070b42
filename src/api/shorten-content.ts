/**
 * Makes captured text short: its head and its tail stay, and a marker says how much was between them. What was JSON
 * is JSON afterwards: elements, members and parts of strings are left out, and what stays is what was there.
 */
import {
  cutAfter,
  cutBefore,
  isJson,
  isSurrogate,
  type Part,
  partsOf,
  skipSpace,
  trimSpace,
} from './json-text.ts';

/** The least length that can be asked for, in UTF-16 units: room for one marker in its quotes, key and brackets. */
export const SHORTEST_CONTENT = 64;
/** Longer texts are not read as JSON, as that takes time: what begins like it becomes one JSON string. */
const LONGEST_JSON = 16_777_216;
/** Containers inside each other that are taken apart; one that lies deeper is left out whole. Bounds the work. */
const MAX_LEVELS = 16;
/** Kept free in a container for its marker. */
const MARKER_ROOM = 40;
/** Key of the marker in an object. */
const MARKER_KEY = '"[...]"';
/** At first a container gives each of its values up to a quarter of its room, so that a large one leaves room for others. */
const FIRST_SHARE = 4;
const LEAST_SHARE = 32;
/** Of a text, two thirds of what stays is its head. */
const HEAD_SHARE = 2 / 3;

/**
 * Shortens a text to at most `limit` UTF-16 units; one that is not longer comes back as it is. JSON stays valid JSON,
 * other text keeps head and tail; no character is cut in two. The same text gives the same result. Takes time in
 * proportion to the text, and never throws.
 *
 * @param limit - a whole number; below 64, 64 is used.
 */
export function shortenContent(text: string, limit: number): string {
  const room = Math.max(limit, SHORTEST_CONTENT);
  if (text.length <= room) return text;
  const start = skipSpace(text, 0);
  const looksLikeJson = '[{"-0123456789tfn'.includes(text.charAt(start) || ' ');
  if (!looksLikeJson) return shortenPlain(text, room);
  if (text.length > LONGEST_JSON) {
    return '[{'.includes(text[start])
      ? JSON.stringify(shortenPlain(text, room / 6))
      : shortenPlain(text, room);
  }
  if (!isJson(text)) return shortenPlain(text, room);
  const end = trimSpace(text, text.length);
  return shortenValue(text, start, end, room, 0) ?? quoted(end - start, 'character');
}

/** Head and tail of a text that has no form. */
function shortenPlain(text: string, room: number): string {
  const kept = Math.floor(room) - marker(text.length, 'character').length;
  let head = Math.ceil(kept * HEAD_SHARE);
  let tail = text.length - (kept - head);
  if (isSurrogate(text.charCodeAt(head - 1), 0xd800)) head -= 1;
  if (isSurrogate(text.charCodeAt(tail), 0xdc00)) tail += 1;
  return text.slice(0, head) + marker(tail - head, 'character') + text.slice(tail);
}

/** A JSON value in at most `room` units; `undefined` when not even a marker fits. */
function shortenValue(
  text: string,
  start: number,
  end: number,
  room: number,
  level: number,
): string | undefined {
  if (end - start <= room) return text.slice(start, end);
  const first = text[start];
  if (first === '"') return shortenString(text, start, end, room);
  if ((first === '[' || first === '{') && level < MAX_LEVELS) {
    return shortenContainer(text, start, end, room, level);
  }
  const left = quoted(end - start, 'character');
  return left.length <= room ? left : undefined;
}

function shortenString(text: string, start: number, end: number, room: number): string | undefined {
  const kept = room - quoted(end - start, 'character').length;
  if (kept < 0) return undefined;
  const head = cutBefore(text, start + 1, start + 1 + Math.ceil(kept * HEAD_SHARE));
  const tail = cutAfter(text, end - 1 - (kept - Math.ceil(kept * HEAD_SHARE)), end - 1);
  return text.slice(start, head) + marker(tail - head, 'character') + text.slice(tail, end);
}

/** An array or object of which values are left out in the middle, or are themselves shortened. */
function shortenContainer(
  text: string,
  start: number,
  end: number,
  room: number,
  level: number,
): string | undefined {
  const isObject = text[start] === '{';
  // A part takes two characters at least, its comma included.
  const { parts, skipped } = partsOf(text, start, end, (room >> 1) + 1);
  const free = room - 2 - MARKER_ROOM;
  const share = Math.max(LEAST_SHARE, Math.floor(free / FIRST_SHARE));
  const { head, tail, left } = chooseParts(parts, free, share);
  const kept = [...parts.slice(0, head), ...parts.slice(tail)];
  let spare = left;
  let large = kept.filter((part) => part.end - part.start > share).length;
  let lost = tail - head + skipped;
  const written = kept.map((part) => {
    if (part.end - part.start <= share) return text.slice(part.start, part.end);
    const most = share + Math.max(0, Math.floor(spare / large));
    const shorter = shortenPart(text, part, most, level);
    spare -= (shorter?.length ?? 0) - share;
    large -= 1;
    if (shorter === undefined) lost += 1;
    return shorter;
  });
  const list = written.filter((one) => one !== undefined);
  if (lost > 0) {
    const place = written.slice(0, head).filter((one) => one !== undefined).length;
    list.splice(
      place,
      0,
      isObject ? `${MARKER_KEY}:"${counted(lost, 'member')} left out"` : quoted(lost, 'element'),
    );
  }
  const whole = isObject ? `{${list.join(',')}}` : `[${list.join(',')}]`;
  return whole.length <= room ? whole : undefined;
}

/** As many parts from both ends, by turns, as there is room for; `left` is what they leave of it. */
function chooseParts(
  parts: readonly Part[],
  free: number,
  share: number,
): { readonly head: number; readonly tail: number; readonly left: number } {
  let head = 0;
  let tail = parts.length;
  let left = free;
  while (head < tail) {
    const fromHead = head <= parts.length - tail;
    const { start, end } = parts[fromHead ? head : tail - 1];
    const cost = Math.min(end - start, share) + 1;
    if (cost > left) break;
    left -= cost;
    if (fromHead) head += 1;
    else tail -= 1;
  }
  return { head, tail, left };
}

function shortenPart(text: string, part: Part, room: number, level: number): string | undefined {
  const key = text.slice(part.start, part.value);
  const value = shortenValue(text, part.value, part.end, room - key.length, level + 1);
  return value === undefined ? undefined : key + value;
}

function marker(count: number, what: 'character' | 'element'): string {
  return `[...${counted(count, what)} left out...]`;
}

function counted(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}

function quoted(count: number, what: 'character' | 'element'): string {
  return `"${marker(count, what)}"`;
}
