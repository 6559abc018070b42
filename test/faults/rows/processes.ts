import type { FaultRow } from '../row.ts';

export const PROCESSES: readonly FaultRow[] = [];
