/** Captured text made short: still JSON where it was, never too long, and what stays is what was there. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SHORTEST_CONTENT, shortenContent } from '../src/api/shorten-content.ts';

const MARKER = /\[\.\.\.(\d+ \w+ left out\.\.\.)?\]/;
/** What stands for a part of a string. */
const GAP = /\[\.\.\.\d+ characters? left out\.\.\.\]/g;
const strictDecoder = new TextDecoder('utf-8', { fatal: true });

/** Text of all planes, with escapes and halves of pairs where `unit` allows them. */
const words = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.string({ unit: 'grapheme', maxLength: 400 }),
  fc.constantFrom('\\'.repeat(300), '"'.repeat(300), '😀'.repeat(300), '\u0000\n'.repeat(200), '[...]', ''),
);
const { value: jsonValue } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    words,
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.constantFrom(null, true, false),
    fc.array(tie('value'), { maxLength: 12 }),
    fc.dictionary(fc.oneof(fc.string({ maxLength: 12 }), words), tie('value'), { maxKeys: 8 }),
  ),
}));
const limits = fc.integer({ min: SHORTEST_CONTENT, max: 2048 });
const spaces = fc.constantFrom(undefined, 1, '\t', '  \n ');

/** As `JSON.stringify` writes it, or with every character outside of ASCII escaped. */
const jsonText = fc.tuple(jsonValue, spaces, fc.boolean()).map(([value, space, escapes]) => {
  const text = JSON.stringify(value, null, space);
  if (!escapes) return text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is what is asked for.
  return text.replace(/[^\x00-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
});

/** Whether `kept` is `original` with parts left out: independent of how the text was cut. */
function isPartOf(kept: unknown, original: unknown): boolean {
  if (Object.is(kept, original)) return true;
  if (typeof kept === 'string' && kept.search(GAP) >= 0) {
    if (typeof original !== 'string') return /^\[\.\.\.\d+ characters left out\.\.\.\]$/.test(kept);
    return [...kept.matchAll(GAP)].some(({ 0: marker, index }) => {
      const [head, tail] = [kept.slice(0, index), kept.slice(index + marker.length)];
      return (
        original.length > head.length + tail.length && original.startsWith(head) && original.endsWith(tail)
      );
    });
  }
  if (Array.isArray(kept) && Array.isArray(original)) return isPartOfList(kept, original);
  if (typeof kept !== 'object' || kept === null || typeof original !== 'object' || original === null)
    return false;
  const source = original as Record<string, unknown>;
  return Object.entries(kept).every(([key, value]) => {
    if (Object.hasOwn(source, key) && isPartOf(value, source[key])) return true;
    return key === '[...]' && /^\d+ members? left out$/.test(String(value));
  });
}

function isPartOfList(kept: readonly unknown[], original: readonly unknown[]): boolean {
  const gap = kept.findIndex(
    (element, index) =>
      typeof element === 'string' &&
      /^\[\.\.\.\d+ elements? left out\.\.\.\]$/.test(element) &&
      !isPartOf(element, original[index]),
  );
  if (gap < 0)
    return kept.length === original.length && kept.every((one, index) => isPartOf(one, original[index]));
  const left = Number(/\d+/.exec(String(kept[gap]))?.[0]);
  // Elements that did not fit although others around them did are counted in the one marker: the order tells.
  let next = 0;
  for (const element of [...kept.slice(0, gap), ...kept.slice(gap + 1)]) {
    while (next < original.length && !isPartOf(element, original[next])) next += 1;
    next += 1;
  }
  return next <= original.length && left === original.length - (kept.length - 1);
}

describe('JSON', () => {
  test('stays JSON, is never longer than asked for, and what is kept is what was there', () => {
    fc.assert(
      fc.property(jsonText, limits, (text, limit) => {
        const short = shortenContent(text, limit);
        expect(short.length).toBeLessThanOrEqual(limit);
        const [kept, original] = [JSON.parse(short), JSON.parse(text)];
        if (text.length <= limit) expect(short).toBe(text);
        else if (JSON.stringify(kept) !== JSON.stringify(original)) expect(short).toMatch(MARKER);
        expect(isPartOf(kept, original), short).toBe(true);
        expect(shortenContent(text, limit)).toBe(short);
      }),
      { numRuns: 3000 },
    );
  });

  test('keeps the first and the last message of a chat, and the small members beside it', () => {
    const messages = Array.from({ length: 40 }, (_, index) => ({
      role: index % 2 === 0 ? 'user' : 'assistant',
      content: `${index}: ${'bees dance '.repeat(50)}`,
    }));
    const text = JSON.stringify({ model: 'some-model', messages, temperature: 0.5 });
    const short = JSON.parse(shortenContent(text, 1024));
    expect(short).toMatchObject({ model: 'some-model', temperature: 0.5 });
    expect(short.messages[0]).toMatchObject({ role: 'user', content: expect.stringMatching(/^0: bees/) });
    expect(short.messages.at(-1)).toMatchObject({ content: expect.stringMatching(/^39: bees/) });
    expect(short.messages).toContain(`[...${40 - (short.messages.length - 1)} elements left out...]`);
  });

  test('numbers stay as they are written, and keys that come twice', () => {
    const text = `{"id":12345678901234567890,"id":1.000,"text":"${'x'.repeat(2000)}"}`;
    expect(shortenContent(text, 256)).toMatch(/^\{"id":12345678901234567890,"id":1\.000,"text":"x+\[/);
  });

  test('that is deep, long, or one value without end takes time in proportion, and stays JSON', () => {
    const deep = 200_000;
    const texts = [
      '['.repeat(deep) + ']'.repeat(deep),
      `${'{"a":'.repeat(deep)}1${'}'.repeat(deep)}`,
      `[${'1,'.repeat(1_000_000)}1]`,
      `["${'\\\\'.repeat(1_000_000)}"]`,
      `["${'\\"'.repeat(1_000_000)}"]`,
      `[${'"",'.repeat(500_000)}""]`,
      '7'.repeat(1_000_000),
      `${' '.repeat(1_000_000)}[1]`,
      `[${'9'.repeat(1_000_000)}]`,
      `{"${'k'.repeat(1_000_000)}":1,"b":2}`,
    ];
    for (const text of texts) {
      for (const limit of [64, 1024]) {
        const short = shortenContent(text, limit);
        expect(short.length).toBeLessThanOrEqual(limit);
        expect(() => JSON.parse(short)).not.toThrow();
      }
    }
  });

  test('deeper than 16 containers a value is left out whole', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}"${'x'.repeat(20_000)}"${']'.repeat(depth)}`;
    expect(shortenContent(nested(16), 4096)).toMatch(
      /^\[{16}"x+\[\.\.\.\d+ characters left out\.\.\.\]x+"\]{16}$/,
    );
    expect(shortenContent(nested(17), 4096)).toMatch(
      /^\[{16}"\[\.\.\.\d+ characters left out\.\.\.\]"\]{16}$/,
    );
  });

  test('beyond 16 Mi characters what begins as JSON becomes one JSON string', () => {
    const text = JSON.stringify([{ role: 'user', content: '"'.repeat(9_000_000) }]);
    const short = JSON.parse(shortenContent(text, 1024));
    expect(short).toMatch(/^\[\{"role":"user".*characters left out.*\}\]$/);
  });
});

describe('other text', () => {
  test('keeps head and tail around a marker that says how much is gone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 65, maxLength: 3000 }), limits, (text, limit) => {
        const short = shortenContent(`- ${text}`, limit);
        expect(short.length).toBeLessThanOrEqual(limit);
        if (`- ${text}`.length <= limit) {
          expect(short).toBe(`- ${text}`);
          return;
        }
        const [, head, gone, tail] =
          /^(.*?)\[\.\.\.(\d+) characters left out\.\.\.\](.*)$/s.exec(short) ?? [];
        expect(`- ${text}`.startsWith(head) && `- ${text}`.endsWith(tail)).toBe(true);
        expect(head.length + Number(gone) + tail.length).toBe(text.length + 2);
      }),
      { numRuns: 1000 },
    );
  });

  test('that only looks like JSON is cut as text', () => {
    const text = `[not JSON ${'x'.repeat(500)}]`;
    expect(shortenContent(text, 100)).toMatch(/^\[not JSON x+\[\.\.\.\d+ characters left out\.\.\.\]x+\]$/);
  });
});

test('no character is cut in two, at any limit', () => {
  const emoji = '😀é'.repeat(400);
  const escaped = '\\ud83d\\ude00\\u00e9\\n'.repeat(100);
  for (let limit = SHORTEST_CONTENT; limit < 400; limit += 1) {
    for (const text of [emoji, JSON.stringify(emoji), `["a","${escaped}"]`, `{"k":"${escaped}"}`]) {
      const short = shortenContent(text, limit);
      const values = text === emoji ? short : JSON.stringify(JSON.parse(short));
      expect(/[\ud800-\udfff]/u.test(values), short).toBe(false);
      expect(strictDecoder.decode(new TextEncoder().encode(short))).toBe(short);
      expect(values).not.toMatch(/\\ud[89a-f]/);
    }
  }
});

test('below 64 the limit is 64', () => {
  expect(shortenContent('x'.repeat(200), 3)).toHaveLength(64);
});
