/** One item, opened by its link: what went in and came out, its scores, and its trace as a waterfall. */
import { formatCost, formatDuration } from '../numbers.ts';
import { byId, element, svg } from './dom.ts';
import { scoresTable } from './overview.ts';
import type { PageItem, PageSpan } from './page-data.ts';
import { keyOf } from './values.ts';

/** Width of a waterfall's bars, in units of its own. */
const SCALE = 1_000;

/** Follows the address of the page, so that an item can be linked to, and the back button closes it. */
export function followAddress(items: readonly PageItem[]): void {
  const byKey = new Map(items.map((item) => [keyOf(item), item]));
  const dialog = byId<HTMLDialogElement>('item');
  let shown = '';
  const show = () => {
    const item = byKey.get(location.hash);
    if (item === undefined) {
      dialog.close();
      return;
    }
    shown = location.hash;
    byId('item-body').replaceChildren(...partsOf(item));
    if (!dialog.open) dialog.showModal();
    dialog.scrollTop = 0;
  };
  dialog.addEventListener('close', () => {
    // The next one may have been asked for meanwhile.
    if (location.hash === shown) history.replaceState(null, '', '#');
  });
  addEventListener('hashchange', show);
  show();
}

function partsOf(item: PageItem): Node[] {
  const { id, repetition, status, durationMs, attempts, cached, usage, traceId, scores } = item;
  const facts = [
    status,
    formatDuration(durationMs),
    item.startTime,
    ...(attempts > 1 ? [`${attempts} attempts`] : []),
    ...(cached ? ['cached'] : []),
    ...(usage === undefined
      ? []
      : [`${usage.inputTokens} + ${usage.outputTokens} tokens`, formatCost(usage.cost)]),
    ...(traceId === null ? [] : [`trace ${traceId}`]),
  ];
  return [
    element('h2', { id: 'item-title' }, repetition > 0 ? `${id} (${repetition})` : id),
    element('p', {}, facts.join(' · ')),
    ...textBlock('error', item.error),
    ...textBlock('inputs', item.inputs),
    ...textBlock('expected', item.expected),
    ...textBlock('output', item.output),
    ...(scores.length === 0 ? [] : [scoresTable('score', scores)]),
    ...waterfall(item),
  ];
}

function textBlock(title: string, text: string | undefined): Node[] {
  if (text === undefined) return [];
  return [element('h3', {}, title), element('pre', { tabindex: 0 }, text)];
}

function waterfall({ spans, spansLeftOut }: PageItem): Node[] {
  const title = element('h3', {}, 'trace');
  if (spans.length === 0) return [title, element('p', {}, 'Nothing was traced.')];
  const end = Math.max(...spans.map(({ startMs, durationMs }) => startMs + durationMs), 1e-6);
  const start = Math.min(0, ...spans.map(({ startMs }) => startMs));
  const lines = spans.map((span) => spanLine(span, start, end - start));
  const rest =
    spansLeftOut > 0 ? [element('p', {}, `${spansLeftOut} more spans are not in this report.`)] : [];
  return [title, element('ol', { class: 'waterfall' }, ...lines), ...rest];
}

function spanLine(span: PageSpan, start: number, length: number): HTMLElement {
  const { name, depth, startMs, durationMs, error, attributes } = span;
  const bar = svg('rect', {
    x: ((startMs - start) / length) * SCALE,
    y: 2,
    width: Math.max(2, (durationMs / length) * SCALE),
    height: 8,
    class: error ? 'bar bad' : 'bar',
  });
  const picture = svg(
    'svg',
    { viewBox: `0 0 ${SCALE} 12`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    bar,
  );
  const label = element('span', { class: 'span-name' }, '· '.repeat(depth), error ? `✗ ${name}` : name);
  const time = element(
    'span',
    { class: 'span-time' },
    `${formatDuration(durationMs)} at ${formatDuration(startMs)}`,
  );
  if (attributes === undefined)
    return element('li', {}, element('div', { class: 'span' }, label, picture, time));
  return element(
    'li',
    {},
    element(
      'details',
      {},
      element('summary', { class: 'span' }, label, picture, time),
      element('pre', {}, attributes),
    ),
  );
}
