/** JSON of objects of our own making; `undefined` for what is not there. */
export function jsonText(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}

/** Whether captured text is JSON of an object or a list: the first character tells what `contentText` made. */
export function isJsonText(text: string): boolean {
  const first = text.charCodeAt(0);
  return first === 0x7b || first === 0x5b;
}
