/** The rows: filtered, sorted, and shown a page at a time. */
import { formatAmount, formatCount, formatDifference, formatDuration, formatNumber } from '../numbers.ts';
import { byId, element } from './dom.ts';
import type { PageHead, PageItem } from './page-data.ts';
import { differenceOf, keyOf, numberOf } from './values.ts';

/** Rows of a page: what a browser lays out at once without a pause. */
const PAGE_ROWS = 100;
const SHOWN_UNITS = 160;

type Cell = string | number | undefined;

interface Column {
  readonly title: string;
  /** What it is sorted by. */
  readonly key: (item: PageItem) => Cell;
  readonly text: (item: PageItem) => string | Node;
}

interface View {
  column: number;
  ascending: boolean;
  page: number;
}

const asShort = (text: string) => (text.length > SHOWN_UNITS ? `${text.slice(0, SHOWN_UNITS)}…` : text);

/** The columns of a run: the judgements of its evaluators, each with its change where there is a baseline. */
function columnsOf(items: readonly PageItem[], hasBaseline: boolean): Column[] {
  const names = [...new Set(items.flatMap(({ scores }) => scores.map(({ name }) => name)))];
  const judged = names.flatMap((name): Column[] => [
    { title: name, key: (item) => scoreKey(item, name), text: (item) => scoreText(item, name) },
    ...(hasBaseline ? [changeColumn(name)] : []),
  ]);
  return [
    { title: 'item', key: ({ id }) => id, text: linkTo },
    { title: 'status', key: ({ status }) => status, text: ({ status }) => status },
    ...judged,
    {
      title: 'time',
      key: ({ durationMs }) => durationMs,
      text: ({ durationMs }) => formatDuration(durationMs),
    },
    ...(hasBaseline ? [changeColumn('duration_ms')] : []),
    { title: 'inputs', key: ({ inputs }) => inputs, text: ({ inputs }) => asShort(inputs) },
    {
      title: 'output or error',
      key: ({ output, error }) => error ?? output,
      text: ({ output, error }) => asShort(error ?? output ?? ''),
    },
  ];
}

function changeColumn(name: string): Column {
  return {
    title: `Δ ${name}`,
    key: (item) => differenceOf(item, name),
    text: (item) => {
      const difference = differenceOf(item, name);
      return difference === undefined ? '' : formatDifference(difference);
    },
  };
}

function scoreKey(item: PageItem, name: string): Cell {
  const score = item.scores.find((one) => one.name === name);
  return score === undefined
    ? undefined
    : (numberOf(score) ?? (typeof score.value === 'string' ? score.value : undefined));
}

function scoreText(item: PageItem, name: string): string {
  const score = item.scores.find((one) => one.name === name);
  if (score === undefined) return '';
  if (score.error !== undefined) return '✗ error';
  const value = typeof score.value === 'number' ? formatNumber(score.value) : String(score.value ?? '–');
  const check = score.passed === undefined ? '' : score.passed ? '✓ ' : '✗ ';
  return check + (score.label === undefined ? value : `${value} ${score.label}`);
}

function linkTo(item: PageItem): Node {
  const text = item.repetition > 0 ? `${item.id} (${item.repetition})` : item.id;
  return element('a', { href: keyOf(item) }, asShort(text) || '(no id)');
}

/** Numbers before texts, nothing last, in both directions. */
function compare(a: Cell, b: Cell, direction: number): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? 1 : -1;
  if (typeof a === 'number' && typeof b === 'number') return (a - b) * direction;
  if (typeof a !== typeof b) return typeof a === 'number' ? -1 : 1;
  return (a < b ? -1 : a > b ? 1 : 0) * direction;
}

function failsCheck({ scores }: PageItem): boolean {
  return scores.some(({ passed, error }) => passed === false || error !== undefined);
}

/** What the choice of rows keeps, by its value. */
const CHOICES: Readonly<Record<string, (item: PageItem) => boolean>> = {
  all: () => true,
  failed: ({ status }) => status !== 'ok',
  check: failsCheck,
  moved: (item) =>
    Object.keys(item.baseline ?? {}).some(
      (name) => name !== 'duration_ms' && (differenceOf(item, name) ?? 0) !== 0,
    ),
};

export function showItems({ baseline }: PageHead, items: readonly PageItem[]): void {
  const columns = columnsOf(items, baseline !== undefined);
  const view: View = { column: -1, ascending: true, page: 0 };
  const filter = byId<HTMLInputElement>('filter');
  const choice = byId<HTMLSelectElement>('choice');
  if (baseline === undefined) choice.querySelector('[value="moved"]')?.remove();
  const texts = items.map(({ id, inputs, output, error, expected, scores }) =>
    [id, inputs, output, error, expected, ...scores.flatMap(({ label, explanation }) => [label, explanation])]
      .join('\n')
      .toLowerCase(),
  );

  const chosen = (): PageItem[] => {
    const words = filter.value.toLowerCase();
    const keeps = CHOICES[choice.value];
    const kept = items.filter((item, place) => keeps(item) && texts[place].includes(words));
    if (view.column < 0) return kept;
    const { key } = columns[view.column];
    const direction = view.ascending ? 1 : -1;
    return kept
      .map((item) => ({ item, cell: key(item) }))
      .sort((a, b) => compare(a.cell, b.cell, direction))
      .map(({ item }) => item);
  };
  const render = () => renderPage(columns, chosen(), view);
  const restart = () => {
    view.page = 0;
    render();
  };
  makeHead(columns, view, restart);
  filter.addEventListener('input', restart);
  choice.addEventListener('change', restart);
  for (const [id, step] of [
    ['before', -1],
    ['after', 1],
  ] as const) {
    byId(id).addEventListener('click', () => {
      view.page += step;
      render();
    });
  }
  render();
}

function makeHead(columns: readonly Column[], view: View, restart: () => void): void {
  const cells = columns.map(({ title }, place) => {
    const button = element('button', { type: 'button' }, title);
    const cell = element('th', { scope: 'col', 'aria-sort': 'none' }, button);
    button.addEventListener('click', () => {
      view.ascending = view.column === place ? !view.ascending : true;
      view.column = place;
      for (const other of cells) other.setAttribute('aria-sort', 'none');
      cell.setAttribute('aria-sort', view.ascending ? 'ascending' : 'descending');
      restart();
    });
    return cell;
  });
  byId('heads').append(...cells);
}

function renderPage(columns: readonly Column[], kept: readonly PageItem[], view: View): void {
  const pages = Math.max(1, Math.ceil(kept.length / PAGE_ROWS));
  view.page = Math.min(Math.max(0, view.page), pages - 1);
  const first = view.page * PAGE_ROWS;
  const rows = kept
    .slice(first, first + PAGE_ROWS)
    .map((item) =>
      element(
        'tr',
        { class: item.status === 'ok' && !failsCheck(item) ? undefined : 'bad' },
        ...columns.map(({ text }, place) =>
          place === 0 ? element('th', { scope: 'row' }, text(item)) : element('td', {}, text(item)),
        ),
      ),
    );
  byId('rows').replaceChildren(...rows);
  byId('shown').textContent =
    `${formatAmount(kept.length, 'item')}, page ${formatCount(view.page + 1)} of ${formatCount(pages)}`;
  byId<HTMLButtonElement>('before').disabled = view.page === 0;
  byId<HTMLButtonElement>('after').disabled = view.page === pages - 1;
}
