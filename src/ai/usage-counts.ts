/** Usage as a program gives it: a client's answer has `null` for counts that it does not know. */
import { describe } from '../api/attributes.ts';
import { warnOnce } from '../diagnostics.ts';
import type { Usage } from './fields.ts';

/** The counts that are numbers of 0 or more. */
export function readUsage(given: Usage): Usage {
  const counts: Record<string, number> = {};
  for (const [name, value] of Object.entries(given) as [string, unknown][]) {
    if (value === undefined || value === null) continue;
    const count = typeof value === 'bigint' ? Number(value) : value;
    if (typeof count === 'number' && count >= 0 && Number.isFinite(count)) counts[name] = count;
    else {
      warnOnce(
        `usage-${name}`,
        `usage: expected a number of 0 or more for ${name}, got ${describe(value)}; it is left out. Correct or remove it.`,
      );
    }
  }
  return counts;
}
