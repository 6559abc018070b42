/** @module REST calls that wait to be sent: in their order, one at a time, tried again, and no more than fit. */

import { warn } from '../../diagnostics.ts';
import { PipeTimer } from '../../export/pipe-timer.ts';
import { retryDelayMillis } from '../../export/retry.ts';
import type { RestCall, RestResult } from './rest-client.ts';
import { mergeGroups } from './session-groups.ts';

/** Calls that may wait; further ones are lost, with a warning. */
const MAXIMUM_CALLS = 1_000;
/** Their text, in UTF-16 units. */
const MAXIMUM_UNITS = 16_777_216;
/** Attempts at one call, the first included. */
const MAXIMUM_ATTEMPTS = 5;
/** What comes within this time goes in one call where it can, in milliseconds. */
const GATHER_MILLIS = 200;

interface Waiting {
  readonly call: RestCall;
  /** Calls of one key that follow on each other become one. */
  readonly key: string | undefined;
  units: number;
  attempts: number;
  readonly onDone: ((body: unknown) => void) | undefined;
}

export interface QueueOptions {
  /** Adds to the body of the call before, where that has the same key and has not been sent yet. */
  readonly key?: string;
  readonly onDone?: (body: unknown) => void;
}

export class RestQueue {
  readonly #send: (call: RestCall) => Promise<RestResult>;
  readonly #random: () => number;
  readonly #timer = new PipeTimer(() => this.#pump());
  #waiting: Waiting[] = [];
  #units = 0;
  #isSending = false;
  #waiters: (() => void)[] = [];

  /** @param random - uniform in [0, 1), of the pauses between attempts. */
  constructor(send: (call: RestCall) => Promise<RestResult>, random: () => number = Math.random) {
    this.#send = send;
    this.#random = random;
  }

  /** Calls that have no final answer yet. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Returns at once. `call.body` is kept, and must be the queue's own. */
  add(call: RestCall, { key, onDone }: QueueOptions = {}): void {
    const units = JSON.stringify(call.body).length;
    const last = this.#waiting.at(-1);
    if (this.#units + units > MAXIMUM_UNITS || this.#waiting.length >= MAXIMUM_CALLS) {
      this.#lose(call, 'too many calls wait');
      return;
    }
    this.#units += units;
    // One that was tried may have arrived; a group that grows is told again whole.
    if (key !== undefined && last?.key === key && !(this.#isSending && this.#waiting.length === 1)) {
      mergeGroups(last.call.body, call.body);
      last.units += units;
    } else {
      this.#waiting.push({ call, key, units, attempts: 0, onDone });
    }
    if (!this.#isSending && !this.#timer.isArmed) this.#timer.arm(GATHER_MILLIS);
  }

  /** Sends what waits. Resolves when it was answered, or after `millis`; never rejects. Keeps the process alive. */
  flush(millis: number): Promise<void> {
    if (this.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        deadline.clear();
        this.#waiters = this.#waiters.filter((waiter) => waiter !== done);
        resolve();
      };
      const deadline = new PipeTimer(done, true);
      deadline.arm(millis);
      this.#waiters.push(done);
      // What is being put off because the server asked for it, or failed, stays put off.
      if (!this.#isSending && this.#waiting[0].attempts === 0) this.#pump();
    });
  }

  /** As `flush`; what has no answer then is lost, and said. Nothing may be added afterwards. */
  async end(millis: number): Promise<void> {
    await this.flush(millis);
    this.#timer.clear();
    for (const { call } of this.#waiting.splice(0)) this.#lose(call, 'no answer before the shutdown');
  }

  #pump(): void {
    this.#timer.clear();
    const [first] = this.#waiting;
    if (this.#isSending || first === undefined) return;
    this.#isSending = true;
    first.attempts += 1;
    void this.#send(first.call).then((result) => this.#settle(first, result));
  }

  #settle(first: Waiting, result: RestResult): void {
    this.#isSending = false;
    if (this.#waiting[0] !== first) return;
    if (result.kind === 'retryable' && first.attempts < MAXIMUM_ATTEMPTS) {
      this.#timer.arm(retryDelayMillis(first.attempts - 1, this.#random, result.retryAfterMs));
      return;
    }
    this.#waiting.shift();
    this.#units -= first.units;
    if (result.kind === 'done') first.onDone?.(result.body);
    else this.#lose(first.call, result.reason);
    if (this.#waiting.length > 0) this.#pump();
    else for (const waiter of this.#waiters) waiter();
  }

  #lose({ method, path }: RestCall, reason: string): void {
    warn(
      `honeyhive-rest:${path}`,
      `HoneyHive: ${method} ${path} is lost: ${reason}. Traces are not affected.`,
    );
  }
}
