/** Before all tests: puts the built package among the packages of test/ecosystem, as npm would. */
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('./', import.meta.url));
const root = fileURLToPath(new URL('../../', import.meta.url));

export function setup(): void {
  const target = `${here}node_modules/spandrel`;
  if (!existsSync(`${here}node_modules`)) return;
  rmSync(target, { recursive: true, force: true });
  if (!existsSync(`${root}dist`)) return;
  // A copy: a link would lead `@opentelemetry/api` back to the one that is installed for the sources.
  mkdirSync(target);
  cpSync(`${root}package.json`, `${target}/package.json`);
  cpSync(`${root}dist`, `${target}/dist`, { recursive: true });
}
