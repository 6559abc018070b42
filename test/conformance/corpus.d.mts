/** A value as the program under test sets it. */
export type CorpusValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Uint8Array
  | readonly CorpusValue[]
  | { readonly [key: string]: CorpusValue };

export type CorpusAttributes = Readonly<Record<string, CorpusValue>>;

/** Seconds and nanoseconds since the Unix epoch. */
export type CorpusTime = readonly [seconds: number, nanoseconds: number];

export interface CorpusContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  readonly isRemote?: boolean;
  readonly traceState?: string;
}

/** `excess…` is set after the rest and must be dropped and counted. */
export interface CorpusEvent {
  readonly name: string;
  readonly time: CorpusTime;
  readonly attributes: CorpusAttributes;
  readonly excessAttributes?: CorpusAttributes;
}

export interface CorpusLink {
  readonly context: CorpusContext;
  readonly attributes: CorpusAttributes;
  readonly excessAttributes?: CorpusAttributes;
}

/** `excessEvents` and `excessLinks` say how often the last event or link is added again, over the limit. */
export interface CorpusSpan {
  /** Names the span in the sender's answer. */
  readonly key: string;
  /** Index into `scopes`. */
  readonly scope: number;
  /** `SpanKind` of the API. */
  readonly kind: number;
  readonly name: string;
  /** Key of the parent, `remote` for `remoteParent`; none for a root. */
  readonly parent?: string;
  readonly start: CorpusTime;
  readonly end: CorpusTime;
  readonly attributes: CorpusAttributes;
  readonly excessAttributes: CorpusAttributes;
  readonly events: readonly CorpusEvent[];
  readonly excessEvents: number;
  readonly links: readonly CorpusLink[];
  readonly excessLinks: number;
  readonly status: { readonly code: number; readonly message?: string };
}

export const resource: { readonly schemaUrl: string; readonly attributes: CorpusAttributes };
export const scopes: readonly {
  readonly name: string;
  readonly version: string;
  readonly schemaUrl: string;
}[];
export const spanLimits: Readonly<Record<string, number>>;
export const remoteParent: CorpusContext;
export const spans: readonly CorpusSpan[];
