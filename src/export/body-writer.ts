/** @module Hands a request body to a socket in small turns, without copying it. */

import { asWork } from './work-clock.ts';

/** Most bytes written in one turn of the event loop, so that an export never holds the loop for long. */
export const BYTES_PER_TURN = 262_144;

/** The part of a request used here. */
export interface BodyTarget {
  readonly destroyed: boolean;
  write(piece: Uint8Array): boolean;
  end(): unknown;
  once(event: 'drain', listener: () => void): unknown;
}

/**
 * Writes `chunks` to `target` and ends it: at most {@link BYTES_PER_TURN} a turn, the next turn only after
 * `drain` when the target asked for it. The pieces are views of the chunks. Stops when the target is destroyed
 * or `isStopped` says so.
 */
export function writeBody(
  target: BodyTarget,
  chunks: readonly Uint8Array[],
  isStopped: () => boolean = () => false,
): void {
  let index = 0;
  let offset = 0;
  const writeTurn = (): void => {
    let budget = BYTES_PER_TURN;
    while (index < chunks.length && !target.destroyed && !isStopped()) {
      const chunk = chunks[index];
      const piece = chunk.subarray(offset, offset + budget);
      offset += piece.length;
      if (offset >= chunk.length) {
        index++;
        offset = 0;
      }
      if (piece.length === 0) continue;
      budget -= piece.length;
      const accepts = target.write(piece);
      if (index === chunks.length) break;
      if (!accepts) {
        // 'drain' can come within this turn, when the kernel took all at once; hence another turn after it.
        target.once('drain', () => setImmediate(laterTurn));
        return;
      }
      if (budget === 0) {
        setImmediate(laterTurn);
        return;
      }
    }
    if (!target.destroyed && !isStopped()) target.end();
  };
  const laterTurn = (): void => asWork(writeTurn);
  writeTurn();
}
