/** Equality as a test means it. */

interface AsymmetricMatcher {
  asymmetricMatch(value: unknown): boolean;
}

function isMatcher(value: unknown): value is AsymmetricMatcher {
  return typeof (value as AsymmetricMatcher | null)?.asymmetricMatch === 'function';
}

/**
 * Whether a value of a span is as expected. What was captured is text, and JSON text is read as a value: a text that is
 * expected also counts where it is the JSON of that value.
 */
export function isAsExpected(expected: unknown, actual: unknown): boolean {
  if (expected instanceof RegExp) {
    if (actual === undefined) return false;
    return new RegExp(expected.source, expected.flags.replace(/[gy]/g, '')).test(textOf(actual));
  }
  if (typeof expected === 'string' && typeof actual !== 'string') return textOf(actual) === expected;
  return isEqual(expected, actual);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** In depth; a member that is `undefined` is as good as none. */
function isEqual(expected: unknown, actual: unknown): boolean {
  if (isMatcher(expected)) return expected.asymmetricMatch(actual);
  if (Object.is(expected, actual)) return true;
  if (typeof expected !== 'object' || typeof actual !== 'object' || !expected || !actual) return false;
  if (Array.isArray(expected) !== Array.isArray(actual)) return false;
  const [one, other] = [members(expected), members(actual)];
  return (
    one.size === other.size &&
    [...one].every(([key, value]) => other.has(key) && isEqual(value, other.get(key)))
  );
}

function members(value: object): Map<string, unknown> {
  return new Map(Object.entries(value).filter(([, member]) => member !== undefined));
}
