/** The HTML report, in a real browser. */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import type { ItemResult } from '../../src/experiments/result.ts';
import { scriptJson, writeReport } from '../../src/experiments/views/write-report.ts';
import { type Page, probeBrowser, visit } from '../helpers/browser.ts';
import { requireCounterpart } from '../helpers/counterparts.ts';
import { comparison, experiment, item, metric } from '../helpers/experiment-result.ts';

const folder = mkdtempSync(join(tmpdir(), 'spandrel-report-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Marks itself in the window when any part of it is taken for code. */
const HOSTILE = [
  '</script><script>window.taken=1</script>',
  '<!--<script>',
  '<img src=x onerror="window.taken=1">',
  '"><svg onload=window.taken=1>',
  "javascript:window.taken=1//'",
  'line\u2028and\u2029paragraph',
  '\u0000\ud800 half',
  ']]></style></title>&lt;b&gt;',
];

const score = (over: object) => ({ name: 'exact', value: 1, durationMs: 0.5, spanId: null, ...over });

function answered(place: number): ItemResult {
  const isRight = place % 4 !== 0;
  return item({
    id: `row-${place}`,
    index: place,
    row: { inputs: { question: `question ${place}` }, expected: `answer ${place}` },
    output: isRight ? `answer ${place}` : 'no idea',
    durationMs: 100 + ((place * 37) % 1_000),
    status: place % 50 === 7 ? 'error' : 'ok',
    error: place % 50 === 7 ? { name: 'TypeError', message: 'no model' } : undefined,
    scores: [
      score({ value: isRight, passed: isRight, explanation: `because ${place}` }),
      score({ name: 'length', value: place / 7 }),
    ],
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spans: [
      {
        spanId: 'b',
        parentSpanId: 'a',
        name: 'call model',
        startMs: 10,
        durationMs: 60,
        error: false,
        attributes: { 'gen_ai.request.model': 'small' },
      },
      { spanId: 'a', parentSpanId: 'unknown', name: 'task', startMs: 0, durationMs: 100, error: false },
      { spanId: 'c', parentSpanId: 'b', name: 'retry', startMs: 40, durationMs: 20, error: true },
    ],
  });
}

async function report(items: ItemResult[], over: object = {}, baseline?: ItemResult[]): Promise<string> {
  const path = join(folder, `deep/${Math.random()}.html`);
  const options = baseline === undefined ? {} : { baseline: experiment({}, baseline) };
  await writeReport(
    experiment(
      { metrics: [metric(), metric({ name: 'length' }), metric({ name: 'duration_ms' })], ...over },
      items,
    ),
    path,
    options,
  );
  return path;
}

const texts = (page: Page, selector: string) =>
  page.evaluate<string[]>(
    `[...document.querySelectorAll(${JSON.stringify(selector)})].map((one) => one.textContent)`,
  );

requireCounterpart('a browser', probeBrowser)('a report in a browser', () => {
  const few = Array.from({ length: 120 }, (_, place) => answered(place));
  const before = few.map((one) => ({
    ...one,
    scores: [score({ value: true }), score({ name: 'length', value: one.index / 7 })],
  }));
  const compared = {
    gate: {
      passed: false,
      failures: [{ metric: 'exact', rule: 'min 0.9', message: 'expected 0.9, got 0.75' }],
    },
    baseline: {
      name: 'capitals',
      runId: 'run-0',
      metrics: [
        comparison({ moved: [{ id: 'row-4', repetition: 0, baseline: 1, value: 0, difference: -1 }] }),
      ],
    },
  };

  test('shows the run, its gate, its distributions and the comparison, and asks for nothing', async () => {
    const path = await report(few, compared, before);
    const { page, requests, complaints } = await visit(String(pathToFileURL(path)));
    expect(await texts(page, 'h1')).toEqual(['capitals']);
    expect((await texts(page, '#gate'))[0]).toBe('✗ gate failedexact: expected 0.9, got 0.75');
    expect(await texts(page, 'figcaption')).toEqual(['exact', 'length', 'duration_ms']);
    const bars = await page.evaluate<number[]>(
      '[...document.querySelectorAll("figure")].map((one) => [...one.querySelectorAll("title")].reduce((sum, { textContent }) => sum + Number(textContent.split(": ").pop()), 0))',
    );
    // Each chart holds every item that has the metric: two of 120 ended with an error, and so have no time.
    expect(bars).toEqual([120, 120, 117]);
    expect(await texts(page, '#baseline tbody tr:first-child')).toEqual([
      'exact0.40.5+0.1+0.05 … +0.152 / 1 / 03',
      'row-410-1',
    ]);
    expect({ requests, complaints }).toEqual({ requests: [String(pathToFileURL(path))], complaints: [] });
    await page.close();
  });

  test('finds, chooses, sorts and turns pages', async () => {
    const { page } = await visit(String(pathToFileURL(await report(few, compared, before))));
    const shown = () => texts(page, '#rows th');
    expect(await texts(page, '#heads th')).toEqual([
      'item',
      'status',
      'exact',
      'Δ exact',
      'length',
      'Δ length',
      'time',
      'Δ duration_ms',
      'inputs',
      'output or error',
    ]);
    expect(await shown()).toHaveLength(100);
    expect(await texts(page, '#shown')).toEqual(['120 items, page 1 of 2']);
    await page.click('#after');
    expect((await shown())[0]).toBe('row-100');
    await page.select('#choice', 'failed');
    expect(await shown()).toEqual(['row-7', 'row-57', 'row-107']);
    await page.select('#choice', 'moved');
    expect(await shown()).toEqual(Array.from({ length: 30 }, (_, place) => `row-${place * 4}`));
    await page.select('#choice', 'all');
    await page.type('#filter', 'QUESTION 11');
    expect(await shown()).toHaveLength(11);
    const times = () =>
      page.evaluate<string[]>(
        '[...document.querySelectorAll("#rows tr")].map((row) => row.children[7 - 1].textContent)',
      );
    const sort = async () => {
      await page.click('#heads th:nth-child(7) button');
      return (await times()).map((text) => Number.parseFloat(text) * (text.endsWith('ms') ? 1 : 1_000));
    };
    const up = await sort();
    expect(up).toEqual([...up].sort((a, b) => a - b));
    expect(await texts(page, '[aria-sort=ascending]')).toEqual(['time']);
    const down = await sort();
    expect(down).toEqual([...up].reverse());
    await page.close();
  });

  test('opens an item and its trace with the keyboard alone, and closes it', async () => {
    const { page } = await visit(String(pathToFileURL(await report(few, compared, before))));
    await page.evaluate('document.querySelector("#rows a").focus()');
    await page.keyboard.press('Enter');
    await page.waitForFunction('document.querySelector("dialog").open');
    expect(await texts(page, '#item-title')).toEqual(['row-0']);
    expect(await texts(page, '.waterfall > li .span-name')).toEqual(['task', '· call model', '· · ✗ retry']);
    const bars = await page.evaluate<number[][]>(
      '[...document.querySelectorAll(".waterfall rect")].map((one) => [one.x.baseVal.value, one.width.baseVal.value])',
    );
    expect(bars).toEqual([
      [0, 1000],
      [100, 600],
      [400, 200],
    ]);
    expect((await texts(page, '.waterfall pre'))[0]).toContain('"gen_ai.request.model": "small"');
    await page.keyboard.press('Escape');
    await page.waitForFunction('!document.querySelector("dialog").open && location.hash === ""');
    // Everything that can be clicked can be reached.
    const unreachable = await page.evaluate<number>(
      '[...document.querySelectorAll("a, button, input, select, summary")].filter((one) => one.tabIndex < 0).length',
    );
    expect(unreachable).toBe(0);
    await page.close();
  });

  test('opens the item that its address names', async () => {
    const path = await report([item({ id: 'a/b & "c" ü', repetition: 2 })]);
    const { page } = await visit(
      `${pathToFileURL(path)}#item=${encodeURIComponent('a/b & "c" ü')}&repetition=2`,
    );
    expect(await texts(page, 'dialog[open] #item-title')).toEqual(['a/b & "c" ü (2)']);
    expect((await texts(page, '#item-body p')).at(-1)).toBe('Nothing was traced.');
    await page.click('dialog button');
    await page.waitForFunction('!document.querySelector("dialog").open');
    await page.close();
  });

  test('takes no data for code, wherever it stands', async () => {
    const rows = HOSTILE.map((text) =>
      item({
        id: text,
        row: { inputs: text, expected: { [text]: text } },
        output: text,
        status: 'error',
        error: { name: text, message: text },
        scores: [score({ name: text, value: text, label: text, explanation: text })],
        spans: [
          {
            spanId: text,
            parentSpanId: null,
            name: text,
            startMs: 0,
            durationMs: 1,
            error: true,
            attributes: { [text]: text },
          },
        ],
      }),
    );
    const all = HOSTILE.join('');
    const path = await report(rows, {
      name: all,
      runId: all,
      metadata: { [all]: all },
      metrics: HOSTILE.map((name) => metric({ name })),
      gate: { passed: false, failures: [{ metric: all, rule: all, message: all }] },
      baseline: {
        name: all,
        runId: all,
        metrics: [
          comparison({
            name: all,
            moved: [{ id: all, repetition: 0, baseline: 1, value: 0, difference: -1 }],
          }),
        ],
      },
    });
    const { page, complaints, requests } = await visit(String(pathToFileURL(path)));
    expect(await texts(page, 'h1')).toEqual([all]);
    for (let place = 0; place < HOSTILE.length; place++) {
      await page.evaluate(`document.querySelectorAll('#rows a')[${place}].click()`);
      await page.waitForFunction('document.querySelector("dialog").open');
      expect(await texts(page, '#item-title')).toEqual([HOSTILE[place]]);
      expect((await texts(page, '#item-body pre')).at(1)).toBe(HOSTILE[place]);
      await page.keyboard.press('Escape');
      await page.waitForFunction('!document.querySelector("dialog").open');
    }
    expect(await page.evaluate('window.taken ?? null')).toBeNull();
    expect(
      await page.evaluate('document.querySelectorAll("img, script:not([type]), [onload], [onerror]").length'),
    ).toBe(1);
    expect({ complaints, requests: requests.length }).toEqual({ complaints: [], requests: 1 });
    await page.close();
  });

  test('runs no script but its own, and reaches nothing', async () => {
    const { page } = await visit(String(pathToFileURL(await report(few))));
    await page.evaluate(`{
      window.refused = [];
      document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
      const one = document.createElement('script');
      one.textContent = 'window.taken = 1';
      document.body.append(one);
      document.body.setAttribute('onclick', 'window.taken = 1');
      document.body.click();
      new Image().src = 'http://127.0.0.1:9/a.png';
      fetch('http://127.0.0.1:9/').catch(() => {});
      document.body.setAttribute('style', 'color: red');
      const base = document.createElement('base');
      base.href = 'http://127.0.0.1:9/';
      document.head.append(base);
    }`);
    await page.waitForFunction('refused.length >= 6');
    expect(await page.evaluate('window.taken ?? null')).toBeNull();
    expect((await page.evaluate<string[]>('refused')).sort()).toEqual([
      'base-uri',
      'connect-src',
      'img-src',
      'script-src-attr',
      'script-src-elem',
      'style-src-attr',
    ]);
    await page.close();
  });

  test('can be read in the dark and in the light', async () => {
    const { page } = await visit(String(pathToFileURL(await report(few, compared, before))));
    for (const value of ['light', 'dark']) {
      await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value }]);
      expect(Math.min(...(await page.evaluate<number[]>(CONTRASTS))), value).toBeGreaterThanOrEqual(4.5);
    }
    await page.close();
  });

  test('holds 10,000 items, and shows them a page at a time', { timeout: 60_000 }, async () => {
    const path = await report(Array.from({ length: 10_000 }, (_, place) => answered(place)));
    const { page, complaints } = await visit(String(pathToFileURL(path)));
    expect(await texts(page, '#shown')).toEqual(['10,000 items, page 1 of 100']);
    await page.type('#filter', 'question 9999');
    expect(await texts(page, '#rows th')).toEqual(['row-9999']);
    expect(await page.evaluate<number>('document.querySelectorAll("*").length')).toBeLessThan(5_000);
    expect(statSync(path).size).toBeLessThan(20_000_000);
    expect(complaints).toEqual([]);
    await page.close();
  });
});

/** The contrast of every text with what is behind it (WCAG 2.2, relative luminance). */
const CONTRASTS = `(() => {
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (rgb) => rgb.slice(0, 3).map((one) => one / 255)
    .map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4))
    .reduce((sum, one, place) => sum + one * [0.2126, 0.7152, 0.0722][place], 0);
  const behind = (element) => {
    for (let one = element; one !== null; one = one.parentElement) {
      const color = rgba(getComputedStyle(one).backgroundColor);
      if (color[3] === 255) return color;
    }
    const probe = document.createElement('div');
    document.body.append(probe);
    probe.style.backgroundColor = 'Canvas';
    const color = rgba(getComputedStyle(probe).backgroundColor);
    probe.remove();
    return color;
  };
  return [...document.querySelectorAll('h1, h2, p, td, th, a, button:not(:disabled), li, summary, figcaption, label, pre')]
    .filter((one) => one.textContent.trim() !== '' && one.checkVisibility())
    .map((one) => [luminance(rgba(getComputedStyle(one).color)), luminance(behind(one))].sort((a, b) => b - a))
    .map(([light, dark]) => (light + 0.05) / (dark + 0.05));
})()`;

describe('the file of a report', () => {
  test('holds data in a form that no parser takes for its own', () => {
    fc.assert(
      fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
        const text = scriptJson([value, ...HOSTILE]);
        expect(text).not.toMatch(/[<>&\u2028\u2029]/);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify([value, ...HOSTILE])));
      }),
    );
  });

  test('is cut where a text is too long, and says by how much', async () => {
    const path = await report([item({ output: 'x'.repeat(5_000) })]);
    const html = readFileSync(path, 'utf8');
    expect(html).toContain(`${'x'.repeat(4_000)}… (1000 more characters)`);
    expect(html).not.toContain('x'.repeat(4_001));
  });

  test('stays as it was when the rows cannot be read, and leaves no half', async () => {
    const path = await report([item({ id: 'first' })]);
    const broken = experiment({
      // biome-ignore lint/correctness/useYield: it fails before
      async *items() {
        throw new Error('row 3 is damaged');
      },
    });
    await expect(writeReport(broken, path)).rejects.toThrow(
      `${path}: could not be written: row 3 is damaged`,
    );
    expect(readFileSync(path, 'utf8')).toContain('"id":"first"');
  });

  test('that may not be written is named', async () => {
    await expect(writeReport(experiment(), join(folder, 'deep'))).rejects.toThrow(
      /deep: could not be written: EISDIR/,
    );
  });

  test('has a line for each span of a trace that goes round in a circle or very deep', async () => {
    const span = (spanId: string, parentSpanId: string | null) => ({
      spanId,
      parentSpanId,
      name: `span ${spanId}`,
      startMs: 0,
      durationMs: 1,
      error: false,
    });
    const deep = Array.from({ length: 20_000 }, (_, depth) =>
      span(`${depth}`, depth === 0 ? null : `${depth - 1}`),
    );
    const round = [
      span('x', 'x'),
      span('p', 'q'),
      span('q', 'p'),
      span('a', null),
      span('b', 'a'),
      span('a', 'b'),
    ];
    const path = await report([item({ spans: deep }), item({ spans: round })]);
    const html = readFileSync(path, 'utf8');
    expect(html).toContain('"spansLeftOut":19800');
    const [, last] = /class="rows">(.*)<\/script>/.exec(html) ?? [];
    const [, { spans }] = JSON.parse(last ?? '') as { spans: { name: string; depth: number }[] }[];
    const shown = spans.map(({ name, depth }) => `${depth} ${name}`);
    expect(shown.sort()).toEqual(['0 span a', '0 span q', '0 span x', '1 span b', '1 span p', '2 span a']);
  });
});
