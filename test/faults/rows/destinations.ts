import type { FaultRow } from '../row.ts';

export const DESTINATIONS: readonly FaultRow[] = [];
