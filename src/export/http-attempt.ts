/** @module One HTTP request, from its first byte until nothing reads its body any more. */

import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { writeBody } from './body-writer.ts';
import type { Deadline } from './deadline.ts';
import { codeOf } from './error-code.ts';

/** Largest answer read, in bytes (OTLP specification, "Response Size"). */
export const MAXIMUM_RESPONSE_BYTES = 4_194_304;

/** The answer, as far as it came. */
export interface Answer {
  readonly kind: 'answer';
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The whole body, or nothing when it was cut off. */
  readonly body: Uint8Array;
  /** The body was over {@link MAXIMUM_RESPONSE_BYTES} and reading stopped. */
  readonly oversize: boolean;
}

/** How an attempt ended. */
export type AttemptResult =
  | Answer
  | {
      readonly kind: 'no-answer';
      /** A code such as `ECONNREFUSED`, or why we stopped. Never free text of the runtime or the server. */
      readonly code: string;
      /** A kept-alive connection closed before any byte of an answer: the server had given it up. */
      readonly stale: boolean;
    };

const EMPTY = new Uint8Array(0);

/**
 * Sends `chunks` over `request` and settles when the answer is final **and** the request has emitted `close`:
 * not before that has the runtime stopped reading the chunks. The answer alone does not say so, because servers
 * may answer before they have read the body.
 *
 * @param deadline - destroys the request when it stops; settling still waits for `close`.
 */
export function attempt(
  request: ClientRequest,
  chunks: readonly Uint8Array[],
  deadline: Deadline,
): Promise<AttemptResult> {
  return new Promise((resolve) => new Attempt(request, deadline, resolve).start(chunks));
}

class Attempt {
  readonly #request: ClientRequest;
  readonly #deadline: Deadline;
  readonly #resolve: (result: AttemptResult) => void;
  readonly #body: Uint8Array[] = [];
  #bodyLength = 0;
  #oversize = false;
  #socket: Socket | undefined;
  /** What the connection had carried before this request. */
  #bytesReadBefore = 0;
  #response: IncomingMessage | undefined;
  /** Nothing more is wanted from the response. */
  #responseDone = false;
  #bodyComplete = false;
  #refused = false;
  #closed = false;
  #errorCode: string | undefined;
  #settled = false;

  constructor(request: ClientRequest, deadline: Deadline, resolve: (result: AttemptResult) => void) {
    this.#request = request;
    this.#deadline = deadline;
    this.#resolve = resolve;
  }

  start(chunks: readonly Uint8Array[]): void {
    const request = this.#request;
    request.on('socket', (socket) => this.#onSocket(socket));
    request.on('response', (response) => this.#onResponse(response));
    request.on('error', (error) => {
      this.#errorCode ??= codeOf(error);
    });
    request.on('close', () => {
      this.#closed = true;
      this.#settle();
    });
    this.#deadline.onStop(() => this.#stop());
    if (!request.destroyed) writeBody(request, chunks, () => this.#refused);
  }

  #onSocket(socket: Socket): void {
    this.#socket = socket;
    this.#bytesReadBefore = socket.bytesRead;
    // What keeps the process alive is a timer of whoever waits for the answer, never the connection. Each of
    // several addresses tried in turn has a handle of its own.
    socket.unref();
    if (socket.connecting) socket.on('connectionAttempt', () => socket.unref());
  }

  #onResponse(response: IncomingMessage): void {
    this.#response = response;
    // A server that refuses has no use for the rest; one that says 2xx early may still be reading.
    this.#refused = (response.statusCode ?? 0) >= 300;
    response.on('data', (piece: Uint8Array) => this.#onData(piece));
    response.on('end', () => {
      this.#bodyComplete = response.complete;
      this.#onResponseDone();
    });
    response.on('error', () => this.#onResponseDone());
    response.on('close', () => this.#onResponseDone());
  }

  #onData(piece: Uint8Array): void {
    if (this.#oversize) return;
    this.#bodyLength += piece.length;
    if (this.#bodyLength > MAXIMUM_RESPONSE_BYTES) {
      this.#oversize = true;
      this.#body.length = 0;
      this.#stop();
    } else {
      this.#body.push(piece);
    }
  }

  #onResponseDone(): void {
    if (this.#responseDone) return;
    this.#responseDone = true;
    // The rest of the body must not follow: the server has answered without it.
    if (!this.#request.writableFinished) this.#request.destroy();
    this.#settle();
  }

  #stop(): void {
    this.#responseDone = true;
    this.#request.destroy();
    // Without a connection there is no reader, and a request still queued in its agent may never emit 'close'.
    if (this.#socket === undefined) this.#closed = true;
    this.#settle();
  }

  #settle(): void {
    const response = this.#response;
    if (this.#settled || !this.#closed || (response !== undefined && !this.#responseDone)) return;
    this.#settled = true;
    if (response === undefined) {
      this.#resolve(this.#noAnswer());
      return;
    }
    this.#resolve({
      kind: 'answer',
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: this.#bodyComplete ? concatenate(this.#body, this.#bodyLength) : EMPTY,
      oversize: this.#oversize,
    });
  }

  #noAnswer(): AttemptResult {
    const stopReason = this.#deadline.stopReason;
    const unanswered = this.#socket?.bytesRead === this.#bytesReadBefore;
    return {
      kind: 'no-answer',
      code: stopReason ?? this.#errorCode ?? 'connection closed',
      stale: stopReason === undefined && this.#request.reusedSocket && unanswered,
    };
  }
}

/** Pieces of an answer as one. */
export function concatenate(pieces: readonly Uint8Array[], length: number): Uint8Array {
  if (pieces.length === 1) return pieces[0];
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const piece of pieces) {
    whole.set(piece, offset);
    offset += piece.length;
  }
  return whole;
}
