import { describe, expect, test } from 'vitest';
import { BYTES_PER_TURN, writeBody } from '../src/export/body-writer.ts';
import { until } from './helpers/fault-server.ts';
import { bytes, MEBIBYTE, wasmMemory } from './helpers/http-sender.ts';

describe('writeBody', () => {
  test('writes at most 256 KiB a turn, though the target never asks it to wait', async () => {
    const target = new RecordingTarget();
    writeBody(target, [bytes(MEBIBYTE, 1), bytes(10, 2), bytes(100_000, 3), bytes(0, 4)]);
    await until(() => target.ended);
    expect(Math.max(...target.bytesByTurn.values())).toBeLessThanOrEqual(BYTES_PER_TURN);
    expect(target.bytesByTurn.size).toBe(5);
    const whole = Buffer.concat(target.pieces);
    expect(whole.equals(Buffer.concat([bytes(MEBIBYTE, 1), bytes(10, 2), bytes(100_000, 3)]))).toBe(true);
  });

  test('waits for drain, and for the next turn after it', async () => {
    const target = new RecordingTarget(false);
    writeBody(target, [bytes(10, 1), bytes(10, 2)]);
    expect(target.pieces).toHaveLength(1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(target.pieces).toHaveLength(1);
    target.drain();
    expect(target.pieces).toHaveLength(1);
    await until(() => target.ended);
    expect(target.pieces).toHaveLength(2);
  });

  test('stops when told, without ending the request', async () => {
    const target = new RecordingTarget();
    let stopped = false;
    writeBody(target, [bytes(MEBIBYTE, 1)], () => stopped);
    stopped = true;
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(target.pieces).toHaveLength(1);
    expect(target.ended).toBe(false);
  });

  test('is not copied on its way to the socket', () => {
    const memory = wasmMemory(4);
    const target = new RecordingTarget();
    writeBody(target, [new Uint8Array(memory.buffer, 100, 50), new Uint8Array(memory.buffer, 9_000, 60)]);
    expect(target.pieces.map((piece) => [piece.buffer === memory.buffer, piece.byteOffset])).toEqual([
      [true, 100],
      [true, 9_000],
    ]);
  });
});

class RecordingTarget {
  destroyed = false;
  ended = false;
  readonly pieces: Uint8Array[] = [];
  readonly bytesByTurn = new Map<number, number>();
  #turn = 0;
  readonly #accepts: boolean;
  drain: () => void = () => {};

  constructor(accepts = true) {
    this.#accepts = accepts;
    const count = (): void => {
      this.#turn++;
      if (!this.ended && this.#turn < 1_000) setImmediate(count);
    };
    setImmediate(count);
  }

  write(piece: Uint8Array): boolean {
    this.pieces.push(piece);
    this.bytesByTurn.set(this.#turn, (this.bytesByTurn.get(this.#turn) ?? 0) + piece.length);
    return this.#accepts;
  }

  end(): void {
    this.ended = true;
  }

  once(_: 'drain', listener: () => void): void {
    this.drain = listener;
  }
}
