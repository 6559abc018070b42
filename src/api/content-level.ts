/** How much of captured content a span that ends now may keep. */
import { BLOCK_COUNT, FREE_BLOCKS } from '../../assembly/layout.ts';
import type { Arena } from '../engine/arena.ts';
import type { SpanQueue } from '../export/span-queue.ts';
import { overhead } from './overhead.ts';

/** All of it, its head and tail, or none. */
export const FULL = 0;
export const SHORTENED = 1;
export const OMITTED = 2;
export type ContentLevel = typeof FULL | typeof SHORTENED | typeof OMITTED;

/** UTF-16 units that a captured value keeps when it is shortened. */
export const SHORTENED_LENGTH = 1024;
/** Shares of what may wait from which on content is shortened, and left out: 75 % and 87.5 %. */
const SHORTENED_FROM = 0.75;
const OMITTED_FROM = 0.875;

/** What the share of a budget that is used up leaves of content. */
export function levelAt(used: number, budget: number): ContentLevel {
  if (used < budget * SHORTENED_FROM) return FULL;
  return used < budget * OMITTED_FROM ? SHORTENED : OMITTED;
}

/** What the arena leaves. Its blocks count, and not the bytes in them: what is left of a block may be of no use. */
export function arenaLevel({ engine: { words } }: Arena): ContentLevel {
  const blocks = words[BLOCK_COUNT >> 2];
  return levelAt(blocks - words[FREE_BLOCKS >> 2], blocks);
}

/**
 * What the arena leaves to a span of a queue that ends now. A full arena takes content only from queues that hold much of
 * their share of it, and not before destinations that are behind theirs gave up what they hold beyond their own.
 */
export function makeQueueLevel(arena: Arena, queue: SpanQueue): ContentLevel {
  let level = arenaLevel(arena);
  while (level !== FULL) {
    level = ownLevel(level, queue);
    if (level === FULL || !queue.makeRoomForContent()) return level;
    level = arenaLevel(arena);
  }
  return FULL;
}

/** As `makeQueueLevel` will say, to look at: nothing is given up. */
export function queueLevel(arena: Arena, queue: SpanQueue): ContentLevel {
  const level = arenaLevel(arena);
  if (level === FULL || queue.hasRoomForContent) return FULL;
  return ownLevel(level, queue);
}

function ownLevel(byArena: ContentLevel, queue: SpanQueue): ContentLevel {
  return Math.min(byArena, levelAt(queue.ownShare, 1)) as ContentLevel;
}

/** What the overhead budget leaves. */
export function overheadLevel(): ContentLevel {
  return overhead === null ? FULL : overhead.contentLevel;
}
