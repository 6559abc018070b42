import type { FaultRow } from '../row.ts';

export const HOSTILE: readonly FaultRow[] = [];
