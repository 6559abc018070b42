/** @module Lists of names, in options and variables. */

import { warnInvalid } from './readers.ts';

/**
 * The known names among `names`, each once, in order; `[]` for `none`. Unknown names are named in a warning
 * and skipped; `undefined` when none is left, so that the next source is asked.
 */
export function selectNames<Name extends string>(
  subject: string,
  names: unknown,
  known: readonly Name[],
): Name[] | undefined {
  if (names === undefined) return undefined;
  if (!Array.isArray(names)) {
    warnInvalid(subject, `a list of ${known.join(', ')} or none`, `a value of type ${typeof names}`);
    return undefined;
  }
  if (names.length === 0) return [];
  const words = names.map((name) => String(name).trim().toLowerCase()).filter((word) => word !== '');
  if (words.includes('none')) {
    if (words.length > 1) {
      warnInvalid(subject, 'none to stand alone', words.slice(0, 8).join(','), 'none is used');
    }
    return [];
  }
  const selected = words.filter((word) => known.includes(word as Name));
  const unknown = words.find((word) => !known.includes(word as Name));
  if (unknown !== undefined) {
    warnInvalid(subject, `names out of ${known.join(', ')}, none`, JSON.stringify(unknown.slice(0, 40)));
  }
  return selected.length === 0 ? undefined : ([...new Set(selected)] as Name[]);
}
