/**
 * The contract between the pipe, which decides when to send what, and the exporters, which carry it.
 *
 * An exporter sees finished OTLP bytes and counts, never spans: the engine encoded each span once, when it
 * ended. A pipe calls `send` for one request at a time and calls again only after the previous call settled.
 */

/** One `ExportTraceServiceRequest`, in the order its bytes travel. */
export interface ExportRequest {
  /**
   * Views over the arena and over small header buffers; together they are one valid protobuf message.
   * They stay readable, unchanged, until `send` settles; afterwards their bytes may be reused at once.
   */
  readonly chunks: readonly Uint8Array[];
  /** Sum of the chunk lengths, in bytes. */
  readonly byteLength: number;
  /** Number of spans inside. */
  readonly spanCount: number;
}

/**
 * What became of one attempt. `code` is the HTTP status, or a short name of the cause where there is none: one of few
 * values, and no text of a server.
 */
export type SendResult = {
  readonly code?: number | string;
} /** A final 2xx answer. `rejected` is `partial_success.rejected_spans`, 0 when all were taken. */ & (
  | { readonly kind: 'delivered'; readonly rejected: number; readonly message?: string }
  /**
   * No answer, or one of the retryable statuses. `retryAfterMs` pauses the whole pipe when present. The code
   * `timed_out` says that the time of the attempt was over: smaller requests with the same spans may pass.
   */
  | { readonly kind: 'retryable'; readonly reason: string; readonly retryAfterMs?: number }
  /**
   * A final refusal: the spans of this request are lost, and counted. `tooLarge` says that the size was the
   * reason (413), so that smaller requests with the same spans may pass.
   */
  | { readonly kind: 'failed'; readonly reason: string; readonly tooLarge?: boolean }
);

export interface WireExporter {
  /**
   * Carries one request, once. Never throws and never rejects. Settles only when nothing reads `chunks` any
   * more: the answer is final, the transport has closed its request and no compression is pending.
   * A synchronous exporter (memory, console) returns its result directly.
   *
   * @param abort - destroys the attempt; the call still settles only once the bytes are free, as `retryable`.
   */
  send(request: ExportRequest, abort?: AbortSignal): SendResult | Promise<SendResult>;
  /** Releases sockets and timers. No `send` follows. */
  close(): void;
}

/** Where a pipe takes requests from: the finished spans of one provider, seen by one destination. */
export interface RequestSource {
  /** Finished spans not yet released by this destination, those in flight included. */
  readonly waitingSpans: number;
  /** Their bytes in the arena. */
  readonly waitingBytes: number;
  /** Spans that this destination lost because it was behind and others needed the room. Default 0. */
  readonly evictedSpans?: number;
  /** Most bytes of one request, whatever the pipe has for a limit. Default: none. */
  readonly maxRequestBytes?: number;
  /** Something other than bytes runs out: what waits is to go now, however little it is. Default false. */
  readonly isCrowded?: boolean;
  /**
   * Takes the oldest finished spans, at most `maxBytes` (one span larger than that is taken alone) and at most
   * `maxSpans`, and lays the headers around them. `undefined` when nothing waits.
   */
  take(maxBytes: number, maxSpans: number): ExportRequest | undefined;
  /** Gives the bytes of a taken request back. Called exactly once for each, after its `send` settled finally. */
  release(request: ExportRequest): void;
  /** The destination is gone: it takes nothing any more, and spans that finish from now on do not wait for it. */
  close?(): void;
  /**
   * Replaces a taken request by two that carry its spans, cut at the span boundary nearest to the middle, each
   * under headers of its own. `undefined`, and nothing changed, when it cannot be cut. The two are released
   * one by one, in any order; the original is not. A source without this method loses what is answered with 413.
   */
  split?(request: ExportRequest): readonly [ExportRequest, ExportRequest] | undefined;
}
