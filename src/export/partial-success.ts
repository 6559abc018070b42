/** @module Reads `ExportTraceServiceResponse` and `google.rpc.Status`: two fields each, from bytes nobody vouches for. */

import { toLine } from './message-line.ts';
import { ProtoReader } from './proto-reader.ts';

/** What a 200 answer said about the spans it did not take. */
export interface PartialSuccess {
  /** `partial_success.rejected_spans`; 0 when absent, negative or unreadable. */
  readonly rejected: number;
  /** `partial_success.error_message`, one line of at most 512 UTF-16 units; absent when empty. */
  readonly message?: string;
}

/** A JSON answer longer than this is not parsed, in bytes: what we look for needs a few dozen. */
const MAXIMUM_JSON_BYTES = 65_536;

const NOTHING_REJECTED: PartialSuccess = { rejected: 0 };
const OPEN_BRACE = 0x7b;

/**
 * Reads the body of a 2xx answer (OTLP specification, "Partial Success"). Garbage counts as an empty answer and
 * never throws; one pass, no recursion. A JSON body is read too: some servers send it whatever was asked for.
 *
 * @param secrets - texts that must not appear in the message, from `secretsOf`.
 * @param isJson - whether the answer says that it is JSON.
 */
export function readPartialSuccess(
  body: Uint8Array,
  secrets: readonly string[] = [],
  isJson = false,
): PartialSuccess {
  // No response field has the tag 0x7b (field 15, wire type 3), so a brace means JSON.
  const found = isJson || body[0] === OPEN_BRACE ? fromJson(body) : fromProtobuf(body);
  if (found === undefined) return NOTHING_REJECTED;
  const message = toLine(found.message, secrets);
  return message === '' ? { rejected: found.rejected } : { rejected: found.rejected, message };
}

/** `google.rpc.Status.message`, unabridged, or `undefined` when `body` is no such message. */
export function readStatusMessage(body: Uint8Array): string | undefined {
  let message: string | undefined;
  try {
    for (const status = new ProtoReader(body); status.next(); ) {
      if (status.field === 2) message = decodeUtf8(status.byteString());
      else status.skip();
    }
    return message;
  } catch {
    return undefined;
  }
}

/** `message` of a `google.rpc.Status` in JSON form, unabridged, or `undefined` when `body` is no such message. */
export function readJsonMessage(body: Uint8Array): string | undefined {
  const { message } = (parseJson(body) ?? {}) as { message?: unknown };
  return typeof message === 'string' && message !== '' ? message : undefined;
}

/** The text of `bytes`, with U+FFFD for what is not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

interface Found {
  rejected: number;
  message: string;
}

function fromProtobuf(body: Uint8Array): Found | undefined {
  const found: Found = { rejected: 0, message: '' };
  try {
    for (const answer = new ProtoReader(body); answer.next(); ) {
      if (answer.field !== 1) {
        answer.skip();
        continue;
      }
      // A repeated singular message merges, which is what reading into the same object does.
      for (const partial = answer.message(); partial.next(); ) {
        if (partial.field === 1) found.rejected = toCount(Number(partial.int64()));
        else if (partial.field === 2) found.message = decodeUtf8(partial.byteString());
        else partial.skip();
      }
    }
    return found;
  } catch {
    return undefined;
  }
}

function fromJson(body: Uint8Array): Found | undefined {
  const { partialSuccess } = (parseJson(body) ?? {}) as { partialSuccess?: Record<string, unknown> | null };
  const { rejectedSpans, errorMessage } = partialSuccess ?? {};
  return {
    // int64 is a string in proto3 JSON; some servers write a number. Of an object, `Number` may throw.
    rejected: typeof rejectedSpans === 'object' ? 0 : toCount(Number(rejectedSpans ?? 0)),
    message: typeof errorMessage === 'string' ? errorMessage : '',
  };
}

/** What the JSON text says, or `undefined` for what is none or too long to be an answer of OTLP. */
function parseJson(body: Uint8Array): unknown {
  if (body.length > MAXIMUM_JSON_BYTES) return undefined;
  try {
    return JSON.parse(decodeUtf8(body));
  } catch {
    return undefined;
  }
}

function toCount(value: number): number {
  return value > 0 ? Math.min(Math.floor(value), Number.MAX_SAFE_INTEGER) : 0;
}
