import type { FaultRow } from '../row.ts';

export const LONG: readonly FaultRow[] = [];
