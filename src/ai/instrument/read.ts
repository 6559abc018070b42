/** Reads what a client was given and what a server answered: any shape may come, and none of it throws. */

export type Json = Readonly<Record<string, unknown>>;

const NOTHING: Json = Object.freeze({});

export function asRecord(value: unknown): Json {
  return typeof value === 'object' && value !== null ? (value as Json) : NOTHING;
}

export function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function asRecords(value: unknown): Json[] {
  return asList(value).map(asRecord);
}

export function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

/** A list of texts, of one where there is one; `undefined` where there is none. */
export function asTexts(value: unknown): string[] | undefined {
  const texts = (typeof value === 'string' ? [value] : asList(value)).filter(
    (one) => typeof one === 'string',
  );
  return texts.length === 0 ? undefined : texts;
}
