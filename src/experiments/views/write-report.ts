/** @module An experiment as one HTML page that needs nothing else: no server, no network, no other file. */
import { createHash } from 'node:crypto';
import { metricsOf } from '../metrics.ts';
import type { ExperimentResult, ItemResult } from '../result.ts';
import { escapeMarkup } from './escape-markup.ts';
import { pageHead, pageItem } from './page-item.ts';
import { PAGE_SCRIPT, PAGE_STYLE } from './report-page.gen.ts';
import { writeWholeFile } from './write-whole-file.ts';

/** Rows of one block: a browser parses many short texts sooner than a long one. */
const BLOCK_ROWS = 500;

/** A run whose rows can be read. */
export type ExperimentRows = Pick<ExperimentResult, 'items'>;

/**
 * Writes a run as a page: the distribution of each metric, the comparison with the baseline, and every row, to filter,
 * sort and open, with its scores and its trace. Texts over 4,000 characters are cut, and of a trace the first 200 spans
 * are shown. Rows are read one by one; of `baseline`, when given, the numbers of each row are held.
 *
 * The page runs its own script and style alone, by their hashes (Content Security Policy Level 3, 2.3.1); data are text
 * in it and never markup.
 *
 * @param path - overwritten when it is there; its folder is made.
 * @param baseline - the run that was compared with, for the change of each row.
 * @throws Error that names the file when it cannot be written, or the rows cannot be read.
 */
export async function writeReport(
  result: ExperimentResult,
  path: string,
  { baseline }: { readonly baseline?: ExperimentRows } = {},
): Promise<void> {
  const before = baseline === undefined ? undefined : await numbersOf(baseline);
  await writeWholeFile(path, reportPieces(result, before));
}

type Numbers = ReadonlyMap<string, Readonly<Record<string, number>>>;

const keyOf = ({ id, repetition }: ItemResult) => `${repetition} ${id}`;

async function numbersOf(baseline: ExperimentRows): Promise<Numbers> {
  const numbers = new Map<string, Record<string, number>>();
  for await (const item of baseline.items()) numbers.set(keyOf(item), Object.fromEntries(metricsOf(item)));
  return numbers;
}

async function* reportPieces(result: ExperimentResult, before: Numbers | undefined): AsyncGenerator<string> {
  yield frameStart(result.name);
  yield dataBlock('id="experiment"', pageHead(result));
  let rows: unknown[] = [];
  for await (const item of result.items()) {
    rows.push(pageItem(item, before?.get(keyOf(item))));
    if (rows.length < BLOCK_ROWS) continue;
    yield dataBlock('class="rows"', rows);
    rows = [];
  }
  if (rows.length > 0) yield dataBlock('class="rows"', rows);
  yield `<script>${PAGE_SCRIPT}</script>\n</body>\n</html>\n`;
}

/** A block of data (HTML, 4.12.1): not run, and read by the script of the page. */
function dataBlock(attribute: string, value: unknown): string {
  return `<script type="application/json" ${attribute}>${scriptJson(value)}</script>\n`;
}

/** JSON that no parser of HTML or of old JavaScript takes for its own: neither `<`, `>`, `&` nor a line separator is in it. */
export function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function hashOf(content: string): string {
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`;
}

function frameStart(name: string): string {
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(PAGE_SCRIPT)}`,
    `style-src ${hashOf(PAGE_STYLE)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${escapeMarkup(name)}</title>
<style>${PAGE_STYLE}</style>
</head>
<body>
<header id="overview"><h1 id="name"></h1><p id="facts"></p><div id="gate"></div></header>
<main>
<section aria-labelledby="metrics-title"><h2 id="metrics-title">Metrics</h2><div id="metrics"></div><div id="charts"></div></section>
<section id="baseline" aria-labelledby="baseline-title" hidden><h2 id="baseline-title">Against the baseline</h2></section>
<section aria-labelledby="items-title"><h2 id="items-title">Items</h2>
<div class="controls">
<label>Find <input id="filter" type="search" autocomplete="off"></label>
<label>Show <select id="choice"><option value="all">all</option><option value="failed">not ok</option><option value="check">a check failed</option><option value="moved">moved from the baseline</option></select></label>
<span id="shown" role="status"></span>
<button id="before" type="button">Previous page</button><button id="after" type="button">Next page</button>
</div>
<div class="wide" tabindex="0" role="group" aria-label="Items"><table><thead><tr id="heads"></tr></thead><tbody id="rows"></tbody></table></div>
</section>
</main>
<dialog id="item" aria-labelledby="item-title"><form method="dialog"><button>Close</button></form><div id="item-body"></div></dialog>
<noscript><p>This page shows its data with a script of its own, which is turned off here.</p></noscript>
`;
}
