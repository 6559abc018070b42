/** @module What may be said of an error that is not ours. */

/** Codes and class names are words like these; free text may quote a secret. */
const WORD = /^[A-Za-z_]\w{0,63}$/;

/** The code of an error (`ECONNREFUSED`), else the name of its class, else its type. Never its message; never throws. */
export function codeOf(error: unknown): string {
  try {
    const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
    for (const word of [code, name]) if (typeof word === 'string' && WORD.test(word)) return word;
  } catch {
    // A getter that throws: the error says nothing.
  }
  return typeof error;
}
