/** @module A real browser, driven over its own protocol, that looks at files and has no network. */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import { afterAll } from 'vitest';

const fromReports = createRequire(new URL('../reports/package.json', import.meta.url));
const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

const findBrowser = (): string | undefined =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)))
    .find((path) => existsSync(path));

/** For `requireCounterpart`: says what is missing when there is no browser to be driven. */
export function probeBrowser(): string | undefined {
  if (findBrowser() === undefined) return 'Expected `chromium` on PATH; install the package chromium.';
  try {
    fromReports.resolve('puppeteer-core');
    return undefined;
  } catch {
    return 'Expected the packages of test/reports; run `npm ci --prefix test/reports`.';
  }
}

/** What is used of a page of `puppeteer-core`, which is not among the packages that are here to be type-checked. */
export interface Page {
  goto(url: string): Promise<unknown>;
  evaluate<Result>(script: string): Promise<Result>;
  waitForFunction(script: string): Promise<unknown>;
  click(selector: string): Promise<void>;
  type(selector: string, text: string): Promise<void>;
  select(selector: string, value: string): Promise<unknown>;
  emulateMediaFeatures(features: readonly { name: string; value: string }[]): Promise<void>;
  setViewport(size: { width: number; height: number }): Promise<void>;
  screenshot(options: { path: string; fullPage?: boolean }): Promise<unknown>;
  close(): Promise<void>;
  on(event: string, listener: (value: { url(): string; text(): string; message: string }) => void): void;
  readonly keyboard: { press(key: string): Promise<void> };
}
interface Browser {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}
interface Driver {
  launch(options: Record<string, unknown>): Promise<Browser>;
}

export interface Visit {
  readonly page: Page;
  /** Every address that the page asked for. */
  readonly requests: string[];
  /** What it wrote to its console, and errors that nothing caught. */
  readonly complaints: string[];
}

let started: Promise<Browser> | undefined;

afterAll(async () => {
  await (await started)?.close();
  started = undefined;
});

function browser(): Promise<Browser> {
  started ??= (fromReports('puppeteer-core') as { default?: Driver } & Driver).launch({
    executablePath: findBrowser(),
    // As root, and in a container, there is no sandbox to be had. A proxy that is not there: no network.
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--proxy-server=127.0.0.1:9'],
  });
  return started;
}

/** Opens an address in a page of its own. */
export async function visit(url: string): Promise<Visit> {
  const page = await (await browser()).newPage();
  const requests: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (fault) => complaints.push(fault.message));
  await page.goto(url);
  return { page, requests, complaints };
}
