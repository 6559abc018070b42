/** JSON of objects of our own making; `undefined` for what is not there. */
export function jsonText(value: unknown): string | undefined {
  return value === undefined ? undefined : JSON.stringify(value);
}
