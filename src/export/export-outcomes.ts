/** @module What became of exports, as metrics tell it: by cause, and the causes stay few. */

/** Causes told apart; a destination that thinks of more shares one. */
const MAXIMUM_ERROR_TYPES = 64;
/** Semantic Conventions, `error.type`: no other value is known, or fits. */
const OTHER = '_OTHER';

/** Why an attempt had the result it had: an HTTP status, or a short name such as `ECONNREFUSED`. */
export type ResultCode = number | string | undefined;

/** One export, from the beginning of its first attempt to the end of its last, pauses included. */
export interface ExportOperation {
  readonly seconds: number;
  /** HTTP status of the last answer, when there was one. */
  readonly status: number | undefined;
  /** Why it was no full success; `undefined` when it was. */
  readonly errorType: string | undefined;
}

/** The `error.type` of a result that is no success. */
export function errorTypeOf(code: ResultCode): string {
  return code === undefined ? OTHER : String(code);
}

/** Counts spans by the outcome of their export. */
export class ExportOutcomes {
  /** Taken by the destination. */
  exported = 0;
  /** Refused one by one, in a partial success. */
  rejected = 0;
  /** Given up at shutdown before an export of them began. */
  unsent = 0;
  /** Lost in an export that failed, or was given up, by `error.type`. */
  readonly failures = new Map<string, number>();

  countFailure(spans: number, errorType: string): void {
    const { failures } = this;
    const slot = failures.has(errorType) || failures.size < MAXIMUM_ERROR_TYPES ? errorType : OTHER;
    failures.set(slot, (failures.get(slot) ?? 0) + spans);
  }
}
