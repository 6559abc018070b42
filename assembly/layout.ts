/**
 * The memory map. Addresses and sizes are bytes; every table is 8-byte aligned.
 *
 *  0          ┌────────────────────────────────────────────────────────────────────────────┐
 *             │ control words      sizes, cursors, counters (CONTROL)                        │
 *  256        │ span head          identity, times, kind, flags of the span being ended      │
 *  512        │ open pieces        8 × 32 B: stream, piece, cursor, limits, block, last use  │
 *  1024       │ encoder stack      96 × 8 B: end of an open container, attribute tag outside │
 *  2048       │ free bitmap        1 bit a block, set = free; 16,384 blocks                  │
 *  4096       │ block table        16,384 × 8 B: references, run length                      │
 *             │ piece table        16,384 × 32 B                                             │
 *             │ key table          1,024 × 144 B: length, then the encoded KeyValue.key      │
 *             │ value memo         1,088 × 208 B: length, then a whole encoded KeyValue      │
 *             │ cell staging       65,536 × 16 B: the span being ended, as cells             │
 *  STRINGS    │ string staging     UTF-8 of the span being ended; its size is configured     │
 *             ├────────────────────────────────────────────────────────────────────────────┤
 *  blocks     │ N equal blocks, each filled from its end; the lowest 16 B stay free          │
 *             └────────────────────────────────────────────────────────────────────────────┘
 *
 * A piece, 32 B: ┌ start ┬ end ┬ spans ┬ stream ┬ block ┬ state ┬ next free ┬ unused ┐
 * A cell, 16 B:  ┌ type ┬ key or tag ┬ first ┬ second ┐   (cells.ts says what each type holds)
 *
 * A stream is the number the API layer gives to one pipe × one scope. The encoder writes from high addresses
 * to low; copies run in 8-byte words and may overrun below their target by 7 bytes, hence the 16 B below the
 * first byte of each block and of each source region.
 */

export const CONTROL: i32 = 0;
/** First byte of block 0. */
export const BLOCKS_START: i32 = CONTROL;
/** log2 of the block size. */
export const BLOCK_SHIFT: i32 = CONTROL + 4;
export const BLOCK_COUNT: i32 = CONTROL + 8;
export const FREE_BLOCKS: i32 = CONTROL + 12;
/** Bytes of string staging. */
export const STRING_BYTES: i32 = CONTROL + 16;
/** Pieces ever handed out, and the head of the list of those given back (-1 ends it). */
export const PIECE_HIGH: i32 = CONTROL + 20;
export const PIECE_FREE: i32 = CONTROL + 24;
export const OPEN_PIECES: i32 = CONTROL + 28;
/** Counts commits; orders the open slots by last use. */
export const TICK: i32 = CONTROL + 32;
export const KEY_COUNT: i32 = CONTROL + 36;
export const MEMO_HITS: i32 = CONTROL + 40;
export const MEMO_MISSES: i32 = CONTROL + 44;
/** Wire bytes of all spans that lie in blocks and were not given back. */
export const WAITING_BYTES: i32 = CONTROL + 48;
/** The open slot used last. */
export const LAST_SLOT: i32 = CONTROL + 52;

export const HEAD: i32 = 256;
export const HEAD_TRACE_ID: i32 = HEAD;
export const HEAD_SPAN_ID: i32 = HEAD + 16;
export const HEAD_PARENT_SPAN_ID: i32 = HEAD + 24;
export const HEAD_START: i32 = HEAD + 32;
export const HEAD_END: i32 = HEAD + 40;
export const HEAD_FLAGS: i32 = HEAD + 48;
export const HEAD_KIND: i32 = HEAD + 52;

export const SLOTS: i32 = 512;
export const SLOT_COUNT: i32 = 8;
export const SLOT_SHIFT: i32 = 5;
export const SLOT_STREAM: i32 = 0;
export const SLOT_PIECE: i32 = 4;
export const SLOT_CURSOR: i32 = 8;
/** The cursor must not pass below it, or another piece begins. */
export const SLOT_LIMIT: i32 = 12;
export const SLOT_BLOCK: i32 = 16;
export const SLOT_TICK: i32 = 20;
/** Lowest address that spans in this block may use. */
export const SLOT_FLOOR: i32 = 24;

export const STACK: i32 = 1024;
/** 64 nested values, the event or link around them, and room to spare. */
export const STACK_DEPTH: i32 = 96;

export const BITMAP: i32 = 2048;
export const MAX_BLOCKS: i32 = 16384;

export const BLOCK_TABLE: i32 = 4096;
export const BLOCK_REFERENCES: i32 = 0;
export const BLOCK_RUN: i32 = 4;
/** Slack below the first span of a block. */
export const SLACK: i32 = 16;

export const PIECE_TABLE: i32 = BLOCK_TABLE + (MAX_BLOCKS << 3);
export const MAX_PIECES: i32 = 16384;
export const PIECE_SHIFT: i32 = 5;
export const PIECE_START: i32 = 0;
export const PIECE_END: i32 = 4;
export const PIECE_SPANS: i32 = 8;
export const PIECE_STREAM: i32 = 12;
export const PIECE_BLOCK: i32 = 16;
export const PIECE_STATE: i32 = 20;
export const PIECE_NEXT: i32 = 24;
/** A piece ends at this many bytes unless one span is larger: a request is made of whole pieces. */
export const PIECE_BYTES: i32 = 1048576;
export const PIECE_FREED: i32 = 0;
export const PIECE_OPEN: i32 = 1;
export const PIECE_CLOSED: i32 = 2;

export const KEY_TABLE: i32 = PIECE_TABLE + (MAX_PIECES << PIECE_SHIFT);
export const MAX_KEYS: i32 = 1024;
export const KEY_STRIDE: i32 = 144;
/** Longer keys travel inline: one length byte is enough for what the table holds. */
export const MAX_KEY_BYTES: i32 = 127;
/** Both tables: the content starts 8 bytes into its entry, after its length. */
export const ENTRY_CONTENT: i32 = 8;

export const MEMO_TABLE: i32 = KEY_TABLE + 147456;
/** One entry a key, then entries for span names. */
export const MAX_MEMOS: i32 = 1088;
export const MEMO_STRIDE: i32 = 208;
export const MEMO_BYTES: i32 = 200;

export const CELLS: i32 = MEMO_TABLE + 226304;
export const MAX_CELLS: i32 = 65536;
export const CELL_BYTES: i32 = 16;

/** 16 B of slack precede the strings: copies out of them read in words too. */
export const STRINGS: i32 = CELLS + 1048576 + 16;

/** Upper bounds of what the encoder writes: the head with tag and length, and one cell apart from its text. */
export const HEAD_BOUND: i32 = 128;
export const CELL_BOUND_SHIFT: i32 = 8;
