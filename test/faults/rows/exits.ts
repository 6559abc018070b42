import type { FaultRow } from '../row.ts';

export const EXITS: readonly FaultRow[] = [];
