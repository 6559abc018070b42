/** The distribution of a metric as bars, with its numbers beside it for those who do not see them. */
import { formatCount, formatNumber } from '../numbers.ts';
import { element, svg, tableOf } from './dom.ts';

const BINS = 20;
const WIDTH = 300;
const HEIGHT = 90;
/** Room for the labels below. */
const FOOT = 14;

interface Bin {
  readonly label: string;
  readonly count: number;
}

/** Bars of equal width from the least to the most; values that are few get a bar each. */
export function binsOf(values: readonly number[]): Bin[] {
  const distinct = [...new Set(values)].sort((a, b) => a - b);
  if (distinct.length <= BINS / 2) {
    return distinct.map((one) => ({
      label: formatNumber(one),
      count: values.filter((value) => value === one).length,
    }));
  }
  const [least, most] = [distinct[0], distinct[distinct.length - 1]];
  const counts = new Array<number>(BINS).fill(0);
  for (const value of values)
    counts[Math.min(BINS - 1, Math.floor((value / (most - least) - least / (most - least)) * BINS))] += 1;
  const edge = (place: number) => formatNumber(least + (most - least) * (place / BINS));
  return counts.map((count, place) => ({ label: `${edge(place)} … ${edge(place + 1)}`, count }));
}

/** The ten labels that are given most. */
export function labelBins(labels: readonly string[]): Bin[] {
  const counts = new Map<string, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts]
    .map(([label, count]) => ({ label, count }))
    .sort((a, b) => b.count - a.count)
    .slice(0, BINS / 2);
}

export function histogram(name: string, bins: readonly Bin[]): HTMLElement {
  const most = Math.max(1, ...bins.map(({ count }) => count));
  const step = WIDTH / Math.max(1, bins.length);
  const bars = bins.map(({ label, count }, place) => {
    const height = count === 0 ? 0 : Math.max(1, (count / most) * (HEIGHT - FOOT));
    return svg(
      'rect',
      { x: place * step + 1, y: HEIGHT - FOOT - height, width: Math.max(1, step - 2), height, class: 'bar' },
      svg('title', {}, `${label}: ${formatCount(count)}`),
    );
  });
  const ends = [bins[0], bins[bins.length - 1]].map((bin, place) =>
    svg(
      'text',
      { x: place * WIDTH, y: HEIGHT - 2, 'text-anchor': place === 0 ? 'start' : 'end' },
      bin === undefined || (place === 1 && bins.length === 1) ? '' : bin.label.slice(0, 24),
    ),
  );
  const picture = svg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': `Distribution of ${name}` },
    ...bars,
    ...ends,
  );
  const numbers = tableOf(
    ['value', 'items'],
    bins.map(({ label, count }) => [label, formatCount(count)]),
  );
  const details = element('details', {}, element('summary', {}, 'as a table'), numbers);
  return element('figure', {}, element('figcaption', {}, name), picture, details);
}
