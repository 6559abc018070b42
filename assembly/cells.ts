/**
 * Cells: how the API layer lays out the span being ended. 16 bytes each, in the order of the wire:
 *
 *   type ┬ key or tag ┬ first ┬ second
 *
 * Cells that carry an attribute value name its key: an index of the key table, KEY_INLINE when a KEY cell
 * stands right before, or KEY_NONE for an element of an array. Cells that carry a field of a message (name of
 * an event, code of a status) name its tag. A container is an open cell, its content, and a close cell.
 *
 * Staged text is the UTF-8 of short strings, written back to back in the order of their cells, so a cell needs
 * only a length. JS knows lengths in UTF-16 units; `recoverText` makes them bytes when the text is not ASCII.
 */
export const CELL_KEY: i32 = 4;
export const CELL_FIRST: i32 = 8;
export const CELL_SECOND: i32 = 12;

export const KEY_INLINE: i32 = -1;
export const KEY_NONE: i32 = -2;

// Staged text: first = length.
/** An attribute value. */
export const STRING: i32 = 1;
/** An attribute value that also becomes the memo of its key. */
export const STRING_REMEMBER: i32 = 2;
/** The inline key of the value or container that follows. */
export const KEY: i32 = 3;
/** A text field of a message; the second column holds its tag. */
export const FIELD: i32 = 4;
/** The span name, remembered in memo entry `second`. */
export const NAME_REMEMBER: i32 = 5;
export const LAST_STAGED: i32 = 5;

/** A whole KeyValue out of the memo of its key. */
export const MEMO: i32 = 6;
/** The span name out of memo entry `second`. */
export const NAME_MEMO: i32 = 7;
/** first = address, second = length in bytes. */
export const STRING_AT: i32 = 8;
export const BYTES_AT: i32 = 9;
/** first = 0 or 1 */
export const BOOL: i32 = 10;
/** first = a signed 32-bit integer */
export const INT: i32 = 11;
/** first, second = low and high half */
export const INT64: i32 = 12;
export const DOUBLE: i32 = 13;
/** An AnyValue without a value. */
export const NULL: i32 = 14;

export const ARRAY_OPEN: i32 = 15;
export const ARRAY_CLOSE: i32 = 16;
export const MAP_OPEN: i32 = 17;
export const MAP_CLOSE: i32 = 18;

/** The second column holds the tag of the message. */
export const MESSAGE_OPEN: i32 = 19;
/** The second column holds the tag of attributes inside the message. */
export const MESSAGE_CLOSE: i32 = 20;
/** first = address, second = length: long keys and long or binary fields. */
export const KEY_AT: i32 = 21;
export const FIELD_AT: i32 = 22;
/** first = an unsigned 32-bit integer */
export const FIELD_VARINT: i32 = 23;
export const FIELD_FIXED32: i32 = 24;
/** first, second = low and high half */
export const FIELD_FIXED64: i32 = 25;
/** A bytes field of 8: first, second = the bytes. A span id. */
export const FIELD_BYTES8: i32 = 26;
/** A bytes field of 16: first, second = the first 8 bytes; the RAW8 cell that follows holds the others. A trace id. */
export const FIELD_BYTES16: i32 = 27;
/** 8 bytes without tag or length. */
export const RAW8: i32 = 28;
