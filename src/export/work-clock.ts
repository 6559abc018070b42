/** @module Time spent on exporting, for whoever asked to have it measured. */

/** Measures work on this thread. */
export interface WorkClock {
  /** Begins a stretch of work; its result is for `end`. */
  beginWork(): number;
  end(begun: number): void;
}

let clock: WorkClock | null = null;

/** From now on work is measured by this clock, or, with `null`, no longer. */
export function measureWork(by: WorkClock | null): void {
  clock = by;
}

/** Runs a stretch of exporting. Without a clock it costs one comparison. */
export function asWork(work: () => void): void {
  if (clock === null) {
    work();
    return;
  }
  const by = clock;
  const begun = by.beginWork();
  try {
    work();
  } finally {
    by.end(begun);
  }
}
