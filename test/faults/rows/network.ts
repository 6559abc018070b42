import type { FaultRow } from '../row.ts';

export const NETWORK: readonly FaultRow[] = [];
