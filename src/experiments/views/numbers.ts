/** @module Numbers as people read them, the same in every view and in every locale. */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** A count with its thousands apart: `12,345`. */
export function formatCount(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** Four significant digits, and never fewer than the whole part has: `0.8333`, `12,345`. Not a number: `–`. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '–' : value > 0 ? '∞' : '-∞';
  const size = Math.abs(value);
  if (size >= 1e15 || (size > 0 && size < 1e-4)) return value.toExponential(2);
  if (size >= 1_000) return formatCount(value);
  return String(Number(value.toPrecision(4)));
}

/** A difference, with its sign: `+0.05`. */
export function formatDifference(value: number): string {
  return value > 0 ? `+${formatNumber(value)}` : formatNumber(value);
}

/** Milliseconds as `850 ms`, `8.2 s`, `3 min 20 s` or `1 h 5 min`. */
export function formatDuration(millis: number): string {
  if (!Number.isFinite(millis)) return '–';
  if (millis < 999.5) return `${Number(millis.toPrecision(3))} ms`;
  if (millis < MINUTE - SECOND / 2) return `${Number((millis / SECOND).toPrecision(2))} s`;
  if (millis < HOUR - MINUTE / 2) {
    const seconds = Math.round(millis / SECOND);
    return withRest(Math.floor(seconds / 60), 'min', seconds % 60, 's');
  }
  const minutes = Math.round(millis / MINUTE);
  return withRest(Math.floor(minutes / 60), 'h', minutes % 60, 'min');
}

/** US dollars: cents where they tell something, else as many digits as that takes. */
export function formatCost(dollars: number): string {
  if (!Number.isFinite(dollars)) return '–';
  return dollars === 0 || Math.abs(dollars) >= 0.1
    ? `$${dollars.toFixed(2)}`
    : `$${Number(dollars.toPrecision(2))}`;
}

/** `1 item`, `2 items`. */
export function formatAmount(count: number, one: string): string {
  return `${formatCount(count)} ${one}${count === 1 ? '' : 's'}`;
}

function withRest(whole: number, unit: string, rest: number, restUnit: string): string {
  return rest === 0 ? `${whole} ${unit}` : `${whole} ${unit} ${rest} ${restUnit}`;
}
