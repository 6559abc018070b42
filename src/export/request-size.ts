/** @module How large a request may be: what is configured, what the destination takes, what passes in time. */

const DEFAULT_BYTES = 4_194_304;
/** OTLP specification, "Request Size". */
const LARGEST_BYTES = 67_108_864;
/** Requests that are late are not cut below this, in bytes: 26 KB/s pass it in the 10 s of an attempt. */
const LEAST_BYTES = 262_144;

/** The size of one pipe's requests. */
export class RequestSize {
  /** Of the next request, in bytes. */
  bytes: number;
  /** What the destination takes, as far as it is known. */
  #largest: number;

  /** @param configured - default 4 MiB, at most 64 MiB. */
  constructor(configured: number = DEFAULT_BYTES) {
    this.bytes = Math.min(configured, LARGEST_BYTES);
    this.#largest = this.bytes;
  }

  /** Whether a request of `bytes` that did not pass in its time is cut. Sent whole again it might never pass. */
  isCutWhenLate(bytes: number): boolean {
    return bytes > LEAST_BYTES;
  }

  /** @param forGood - the destination refuses more; else more was late. */
  lower(bytes: number, forGood: boolean): void {
    this.bytes = Math.min(this.bytes, bytes);
    if (forGood) this.#largest = this.bytes;
  }

  /** A request has passed: a size that was lowered because one was late is doubled. */
  raise(): void {
    this.bytes = Math.min(this.bytes * 2, this.#largest);
  }
}
