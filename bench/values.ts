/** Ten keys of the length that GenAI conventions and upstream's own benchmark use, about 20 characters. */
export const KEYS = [
  'gen_ai.request.model',
  'gen_ai.operation.name',
  'gen_ai.provider.name',
  'gen_ai.conversation.id',
  'gen_ai.response.id',
  'gen_ai.output.type',
  'server.address.name',
  'deployment.environment',
  'user.account.region',
  'session.feature.flag',
] as const;

export const CONSTANT_VALUES: readonly string[] = KEYS.map((_, index) => `constant-value-${index}-abcd`);

/** The same ten pairs as one object, for `setAttributes` and for `startSpan` options. */
export const CONSTANT_ATTRIBUTES: Readonly<Record<string, string>> = Object.freeze(
  Object.fromEntries(KEYS.map((key, index) => [key, CONSTANT_VALUES[index]])),
);

/** Spans in one batch: upstream's default `maxExportBatchSize`. */
export const BATCH_SPANS = 512;

/**
 * One value for each key of each span of a batch. Neighbouring spans never share one, so a memo of the last
 * value cannot help; they are built outside the clock, because building a string costs every side the same.
 */
const POOL_SIZE = BATCH_SPANS * KEYS.length;

export function pool(size: number, build: (random: () => number, index: number) => string): string[] {
  const random = mulberry32(0x5a17);
  return Array.from({ length: size }, (_, index) => flatten(build(random, index)));
}

export const uniqueValues = (): string[] =>
  pool(POOL_SIZE, (random, index) => `v${index}-${characters(random, 20, 0x61, 26)}`.slice(0, 20));

/** 20 ideographs: 60 bytes of UTF-8, stored two bytes a unit by V8. */
export const cjkValues = (): string[] => pool(POOL_SIZE, (random) => characters(random, 20, 0x4e00, 5_000));

/** 10 emoji: 20 UTF-16 units, all surrogates, 40 bytes of UTF-8; values begin and end on one. */
export const emojiValues = (): string[] => pool(POOL_SIZE, (random) => characters(random, 10, 0x1f600, 64));

/** 12 KiB of ASCII each: a prompt. 64 of them, so none is the one before. */
export const longTexts = (): string[] => pool(64, (random) => characters(random, 12 * 1024, 0x20, 95));

function characters(random: () => number, count: number, first: number, range: number): string {
  const codes = Array.from({ length: count }, () => first + Math.floor(random() * range));
  return codes.map((code) => String.fromCodePoint(code)).join('');
}

/** A concatenation is a tree in V8 until someone reads it; decoding bytes gives one flat run on every side. */
function flatten(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

/** Seeded, so that every process and every side gets equal values (mulberry32, public domain algorithm). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
