/** Why `commitSpan` refused a span: the negative results. */

/** No free block is left. */
export const FULL: i32 = -1;
/** Enough blocks are free, but not side by side. */
export const FRAGMENTED: i32 = -2;
/** All piece records are in use. */
export const NO_PIECE: i32 = -3;
/** The cells do not form a span: nested too deep, or opened and closed unevenly. */
export const MALFORMED: i32 = -4;
