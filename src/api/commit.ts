/** The end of a span: it is refused, or becomes bytes, and is counted. */
import { warn } from '../diagnostics.ts';
import { dropReason } from '../engine/arena.ts';
import type { AttributeList } from './attribute-list.ts';
import { messageOf } from './attributes.ts';
import { encode } from './encode-span.ts';
import type { DropReason } from './ledger.ts';
import { encodeWithContent } from './shed-content.ts';
import type { Span } from './span.ts';

const SAMPLED = 1;

/** Encodes an ended span, or counts why it was dropped. */
export function commit(span: Span, list: AttributeList): void {
  const { settings, stream } = span._tracer;
  const { ledger, queue, arena } = settings;
  ledger.ended += 1;
  let refused: DropReason | null = null;
  let piece = -1;
  try {
    refused = refusal(span);
    if (refused === null) {
      piece =
        list.content === null
          ? encode(span, list, stream.id, arena, queue)
          : encodeWithContent(span, list, stream.id, arena, queue, ledger);
    }
  } catch (error) {
    // A full stack, or a fault of ours: it costs this span, and neither the program nor the spans after it. Counted
    // before anything is called, which a full stack would not let.
    ledger.dropped.malformed = (ledger.dropped.malformed ?? 0) + 1;
    warnOfFault(error);
    return;
  }
  if (refused !== null) {
    ledger.drop(refused);
    return;
  }
  if (piece < 0) {
    ledger.drop(dropReason(piece));
    return;
  }
  if (arena.writer.cuts !== 0) ledger.countCut(arena.writer.cuts);
  if (piece !== stream.openPiece) queue.opened(stream, piece);
  else if (!settings.notifyEach) return;
  settings.notify(stream, span);
}

function warnOfFault(error: unknown): void {
  warn('encode-fault', `a finished span could not be encoded, and is dropped: ${messageOf(error)}`);
}

/** Why a span that ends now is dropped whatever is in it; `null` when it is encoded. */
export function refusal(span: Span): DropReason | null {
  const { settings } = span._tracer;
  if ((span._flags & SAMPLED) === 0) return 'not_sampled';
  const { queue } = settings;
  if (settings.isShutdown) return 'shutdown';
  return (
    queue.closedBecause ?? (queue.waiting >= settings.maxQueueSize && queue.isFull ? 'queue_full' : null)
  );
}
