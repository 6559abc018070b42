import type { FaultRow } from '../row.ts';

export const SHEDDING: readonly FaultRow[] = [];
