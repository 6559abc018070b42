/** The compliance matrix: each row of the specification with its claim, and two tables of our own beside it. */
import type { Claim, Claims, TestReference } from './claims.ts';
import { CONTEXT, RESOURCE } from './claims-context.ts';
import { ENVIRONMENT } from './claims-environment.ts';
import { EXPORTERS, SELF_OBSERVABILITY } from './claims-exporters.ts';
import { BAGGAGE, TRACES } from './claims-traces.ts';
import { type Mark, type Requirement, SPECIFICATION } from './specification.ts';

export { DIFFERENCES } from './differences.ts';
export { EASILY_MISSED } from './easily-missed.ts';

/** Section → heading → feature → claim, as in {@link SPECIFICATION}. */
export const CLAIMS: Readonly<Record<string, Readonly<Record<string, Claims>>>> = {
  Traces: TRACES,
  Baggage: BAGGAGE,
  Resource: RESOURCE,
  'Context Propagation': CONTEXT,
  'Environment Variables': ENVIRONMENT,
  Exporters: EXPORTERS,
  'SDK Self-Observability': SELF_OBSERVABILITY,
};

const REQUIRED: Requirement = 'required';

export interface MatrixRow {
  readonly section: string;
  readonly heading: string;
  readonly feature: string;
  readonly requirement: Requirement;
  readonly upstream: Mark;
  /** `undefined`: nobody has looked at the row yet. */
  readonly claim: Claim | undefined;
}

/** The rows of the specification, in its order. */
export const MATRIX: readonly MatrixRow[] = Object.entries(SPECIFICATION).flatMap(([section, headings]) =>
  Object.entries(headings).flatMap(([heading, rows]) =>
    rows.map(
      ([feature, upstream, requirement = REQUIRED]): MatrixRow => ({
        ...{ section, heading, feature, requirement, upstream },
        claim: CLAIMS[section]?.[heading]?.[feature],
      }),
    ),
  ),
);

/** Something that opentelemetry-js does otherwise. */
export interface Difference {
  readonly upstream: string;
  readonly ours: string;
  readonly tests: readonly TestReference[];
}

/** A rule of the specification that no row of the matrix asks for. */
export interface Rule extends Claim {
  /** Where it stands, with its key word. */
  readonly source: string;
  readonly rule: string;
}
