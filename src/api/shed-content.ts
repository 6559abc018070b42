/**
 * Encodes spans that hold captured content: under load it is shortened, then left out, and the span itself stays. Only
 * what was captured is touched; names, ids, status, events and what the program sets itself never are.
 */
import { STRING_BYTES } from '../../assembly/layout.ts';
import { warn } from '../diagnostics.ts';
import type { Arena } from '../engine/arena.ts';
import type { SpanQueue } from '../export/span-queue.ts';
import type { AttributeList } from './attribute-list.ts';
import { originalLengthKey } from './captured-text.ts';
import {
  type ContentLevel,
  FULL,
  makeQueueLevel,
  OMITTED,
  overheadLevel,
  SHORTENED,
  SHORTENED_LENGTH,
} from './content-level.ts';
import { commitStaged, type EncodableSpan, stage } from './encode-span.ts';
import type { Ledger } from './ledger.ts';
import type { PluginSpan } from './plugin-span.ts';
import { SHORTEST_CONTENT, shortenContent } from './shorten-content.ts';

/** Of a span that is too large, a value keeps this share of text staging; where that is not enough, 1,024 units. */
const OVERSIZE_SHARE = 16;

/** Encodes as `encode` of commit.ts does, content as far as there is room for it, and counts what it lost. */
export function encodeWithContent(
  span: EncodableSpan,
  list: AttributeList,
  stream: number,
  arena: Arena,
  queue: SpanQueue,
  ledger: Ledger,
): number {
  const byArena = makeQueueLevel(arena, queue);
  const level = Math.max(byArena, overheadLevel()) as ContentLevel;
  let shortened = level === SHORTENED ? list.shortenContent(SHORTENED_LENGTH) : 0;
  let omitted = level === OMITTED ? list.omitContent() : 0;
  const { dropped } = list;
  const { _droppedEvents: events, _droppedLinks: links } = span;
  const stageAgain = (): number => {
    list.dropped = dropped;
    span._droppedEvents = events;
    span._droppedLinks = links;
    return stage(span, list, arena);
  };
  let textEnd = stage(span, list, arena);
  for (const length of [arena.engine.words[STRING_BYTES >> 2] / OVERSIZE_SHARE, SHORTENED_LENGTH]) {
    // A string was cut, or found no room at all.
    if (arena.writer.cuts === 0 && list.dropped === dropped) break;
    const more = list.shortenContent(length);
    if (more === 0) continue;
    warn(
      'content-too-large',
      'captured content of a span was shortened: one span holds 7/8 of its text staging, a sixteenth of arenaBytes and ' +
        'at most 4 MiB. Capture less, or raise arenaBytes.',
    );
    textEnd = stageAgain();
    shortened = Math.max(shortened, more);
  }
  let piece = commitStaged(stream, textEnd, arena, queue);
  let isLoss = byArena !== FULL && byArena >= overheadLevel();
  if (piece < 0) {
    const more = list.omitContent();
    if (more > 0) piece = commitStaged(stream, stageAgain(), arena, queue);
    omitted += more;
    isLoss = true;
  }
  if (piece >= 0) count(ledger, omitted > 0 ? 0 : shortened, omitted, isLoss);
  return piece;
}

function count(ledger: Ledger, shortened: number, omitted: number, isLoss: boolean): void {
  try {
    ledger.countShed(shortened, omitted, isLoss);
  } catch {
    // A full stack: the span is in the arena, and must not be counted as dropped as well.
  }
}

/**
 * The same for a span that stays an object, for an exporter of another make: a copy, as others may have room for all of it.
 * What is written to the span from then on does not reach the copy, which would else hold what was to be let go.
 */
export function shedObject(span: PluginSpan, byQueue: ContentLevel, ledger: Ledger): PluginSpan {
  const level = Math.max(byQueue, overheadLevel());
  if (level === FULL || span._content === null) return span;
  const values: Record<string, unknown> = { ...span.attributes };
  const contents = new Map(span._content);
  let changed = 0;
  for (const [key, { text, units }] of span._content) {
    if (values[key] !== text || text.length <= (level === SHORTENED ? SHORTENED_LENGTH : SHORTEST_CONTENT))
      continue;
    if (level === SHORTENED) {
      values[key] = shortenContent(text, SHORTENED_LENGTH);
      contents.set(key, { text: values[key] as string, units });
    } else {
      delete values[key];
      contents.delete(key);
    }
    values[originalLengthKey(key)] = units;
    changed += 1;
  }
  if (changed === 0) return span;
  const isLoss = byQueue !== FULL && byQueue >= overheadLevel();
  ledger.countShed(level === SHORTENED ? changed : 0, level === OMITTED ? changed : 0, isLoss);
  return Object.assign(Object.create(Object.getPrototypeOf(span)), span, {
    attributes: values,
    _content: contents,
  });
}
