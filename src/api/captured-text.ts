/** What is known of a captured value beside its key. */
export interface CapturedText {
  /** What stands in the span, as far as we put it there. */
  text: string;
  /** Length of all of it, in UTF-16 units. */
  readonly units: number;
}

/** The attribute that says how long captured text was, in UTF-16 units, where it is not there whole; -1: unknown. */
export function originalLengthKey(key: string): string {
  return `${key}.original_length`;
}
