/** @module What a function calls its parameters, read from its text once. */

/** Longest text that is read, in UTF-16 units. */
const MAXIMUM_LENGTH = 10_000;
const NAME = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/**
 * The names of the parameters in front, as far as they are plain names; of others, such as a destructured one, nothing is
 * said. Empty for native and bound functions.
 */
export function parameterNames(fn: (...args: never[]) => unknown): readonly (string | undefined)[] {
  let text: string;
  try {
    text = Function.prototype.toString.call(fn).slice(0, MAXIMUM_LENGTH);
  } catch {
    return [];
  }
  const [, single] = /^\s*(?:async\s+)?([\p{ID_Start}$_][\p{ID_Continue}$]*)\s*=>/u.exec(text) ?? [];
  if (single !== undefined) return [single];
  const open = text.indexOf('(');
  if (open < 0) return [];
  return splitParameters(text.slice(open + 1)).map((parameter) => {
    const name = parameter
      .replace(/\/\*.*?\*\/|\/\/[^\n]*/gs, '')
      .replace(/^\s*\.\.\./, '')
      .split('=')[0]
      .trim();
    return NAME.test(name) ? name : undefined;
  });
}

/** The text of each parameter, up to the bracket that closes the list; a comma inside brackets or quotes parts nothing. */
function splitParameters(text: string): string[] {
  const parameters: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const letter = text[at];
    if (letter === '"' || letter === "'" || letter === '`') at = endOfString(text, at, letter);
    else if ('([{'.includes(letter)) depth += 1;
    else if (letter === ',' && depth === 0) {
      parameters.push(text.slice(start, at));
      start = at + 1;
    } else if (')]}'.includes(letter) && depth-- === 0) {
      const last = text.slice(start, at);
      return last.trim() === '' ? parameters : [...parameters, last];
    }
  }
  return parameters;
}

function endOfString(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote) return at;
  }
  return text.length;
}
