import { contentText } from './content.ts';

/** JSON of a value that is no string; `undefined` for what is not there. Members may be a user's: it never throws. */
export function jsonText(value: unknown): string | undefined {
  return contentText(value);
}

/** Whether captured text is JSON of an object or a list: the first character tells what `contentText` made. */
export function isJsonText(text: string): boolean {
  const first = text.charCodeAt(0);
  return first === 0x7b || first === 0x5b;
}
