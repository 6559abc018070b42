/** How a claim of compliance is written down: our mark, the tests that show it, and what else is to be said. */

/** `file: title`: a file below `test/`, and the title of a test in it below those of its groups, `group > title`. */
export type TestReference = `${string}.ts: ${string}`;

export interface Claim {
  readonly ours: '+' | '-' | 'N/A';
  /** Tests that fail when the claim is wrong. */
  readonly tests: readonly TestReference[];
  /** Reasons, limits, and where opentelemetry-js differs; '' for none. */
  readonly note: string;
}

/** Claims by the name of the feature. */
export type Claims = Readonly<Record<string, Claim>>;

/** It is so, as these tests show. */
export function yes(tests: readonly TestReference[], note = ''): Claim {
  return { ours: '+', tests, note };
}

/** It is not so, for a reason; tests, if any, show what happens instead. */
export function no(note: string, tests: readonly TestReference[] = []): Claim {
  return { ours: '-', tests, note };
}

/** There is nothing here that it could be true or false of. */
export function notApplicable(note: string, tests: readonly TestReference[] = []): Claim {
  return { ours: 'N/A', tests, note };
}

/** One claim about all features of a heading. */
export function each(claim: Claim, features: readonly string[]): Claims {
  return Object.fromEntries(features.map((feature) => [feature, claim]));
}
