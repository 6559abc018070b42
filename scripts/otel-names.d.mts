/** A value that opentelemetry-js exports. */
export interface UpstreamName {
  readonly name: string;
  /** What `typeof` says of it. */
  readonly type: string;
  /** `package@version` of each package that exports it. */
  readonly from: readonly string[];
}

export const ABSENT: Readonly<Record<string, string>>;
export const OWN: Readonly<Record<string, string>>;
export function isInstalled(): boolean;
export function readUpstream(): UpstreamName[];
export function readOwn(): Promise<string[]>;
