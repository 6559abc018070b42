/** Before all tests: puts the built package among the packages of the ecosystem, as npm would. */
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export function setup(): void {
  for (const project of ['test/ecosystem', 'test/ecosystem/version-3', 'test/frameworks', 'test/testing']) {
    const packages = `${root}${project}/node_modules`;
    if (existsSync(packages)) link(`${packages}/spandrel`);
  }
}

function link(target: string): void {
  rmSync(target, { recursive: true, force: true });
  if (!existsSync(`${root}dist`)) return;
  // A copy: a link would lead `@opentelemetry/api` back to the one that is installed for the sources.
  mkdirSync(target);
  cpSync(`${root}package.json`, `${target}/package.json`);
  cpSync(`${root}dist`, `${target}/dist`, { recursive: true });
}
