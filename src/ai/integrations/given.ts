/** Reads what a library hands over. Its next release may shape it otherwise: what is not there is `undefined`. */
import { contentText } from '../content.ts';

/** An object of a library. */
export type Given = Readonly<Record<string, unknown>>;

const NOTHING: Given = Object.freeze({});

export function given(value: unknown): Given {
  return typeof value === 'object' && value !== null ? (value as Given) : NOTHING;
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

export function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The strings of a list; `undefined` where there is none. */
export function texts(value: unknown): string[] | undefined {
  const found = list(value).filter((one) => typeof one === 'string');
  return found.length === 0 ? undefined : found;
}

/** JSON as an object; text that is no JSON stays text. */
export function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** A copy: what the program does to its object later changes nothing. What cannot be copied becomes text. */
export function snapshot(value: unknown): unknown {
  try {
    return structuredClone(value);
  } catch {
    return contentText(value);
  }
}

/** The same without members that are `undefined`. */
export function known<Fields extends object>(fields: Fields): Fields | undefined {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : (Object.fromEntries(entries) as Fields);
}
