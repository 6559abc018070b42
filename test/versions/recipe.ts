/**
 * @module A program of OpenTelemetry API calls as data, so that programs on any Node release and SDK can run it. What
 * JSON cannot write is an object with the member `$`; `interpreter.mjs` reads all of this.
 */

/** A JavaScript value as JSON. */
export type Encoded =
  | string
  | number
  | boolean
  | null
  | Encoded[]
  | { readonly [key: string]: Encoded | undefined };

/** A context by where it comes from; none means the active one. */
export type ParentRecipe =
  | 'root'
  | { readonly span: number }
  | { readonly remote: Encoded }
  | { readonly suppressed: true };

/** One step. Spans and scopes go by their index; a call on a span that was not started is left out. */
export type Operation =
  | StartOperation
  | { do: 'call'; span: number; method: string; arguments: Encoded[] }
  | { do: 'with'; parent: ParentRecipe; isAsync: boolean; body: Operation[] }
  | { do: 'together'; bodies: Operation[][] }
  | { do: 'later'; body: Operation[] }
  | { do: 'tick' };

export interface StartOperation {
  do: 'start';
  span: number;
  scope: number;
  name: string;
  options?: Encoded;
  parent?: ParentRecipe;
  /** Makes the span active for these steps (`startActiveSpan`). */
  body?: Operation[];
  isAsync?: boolean;
}

export type SamplerRecipe =
  | { kind: 'default' | 'on' | 'off' }
  | { kind: 'ratio'; ratio: number }
  | { kind: 'parent-based'; root: SamplerRecipe; others: Record<string, SamplerRecipe> }
  | { kind: 'always-record'; delegate: SamplerRecipe }
  /** Answers the decisions in turn. `tells` adds what it was asked as attributes. */
  | { kind: 'custom'; decisions: number[]; attributes?: Encoded; traceState?: string; tells: boolean };

export interface Recipe {
  readonly seed: number;
  /** Encoded attributes; absent for the SDK's own resource. */
  readonly resource?: { attributes: Encoded; schemaUrl?: string };
  readonly spanLimits: Encoded;
  readonly sampler: SamplerRecipe;
  readonly scopes: readonly Encoded[];
  /** Whether the provider makes its ids itself, and not from the seed. */
  readonly hasOwnIds?: boolean;
  readonly operations: readonly Operation[];
}
