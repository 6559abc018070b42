import type { FaultRow } from '../row.ts';

export const SECURITY: readonly FaultRow[] = [];
