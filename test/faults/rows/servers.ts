import type { FaultRow } from '../row.ts';

export const SERVERS: readonly FaultRow[] = [];
