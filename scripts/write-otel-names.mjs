// Writes docs/otel-names.md from the installed packages of opentelemetry-js and from scripts/otel-names.mjs.
// With --check it writes nothing and fails if the page is not what would be written.
import { readFileSync, writeFileSync } from 'node:fs';
import { ABSENT, isInstalled, OWN, readOwn, readUpstream } from './otel-names.mjs';

const page = new URL('../docs/otel-names.md', import.meta.url);

/** `core 2, 3`: the package without its scope, and the major versions that have the name. */
function sources(from) {
  const majors = new Map();
  for (const source of from) {
    const [, name, version] = /^@opentelemetry\/(.+)@(.+)$/.exec(source);
    majors.set(name, [...(majors.get(name) ?? []), majorOf(version)]);
  }
  return [...majors].map(([name, versions]) => `${name} ${versions.join(', ')}`).join('; ');
}

/** Experimental packages are 0.2xx beside 2.x and 0.30x beside 3.x. */
function majorOf(version) {
  const [major, minor] = version.split('.');
  return major === '0' ? minor[0] : major;
}

const cell = (text) => text.replaceAll('|', '\\|');

async function render() {
  const own = new Set(await readOwn());
  const upstream = readUpstream();
  const here = upstream.filter(({ name }) => own.has(name));
  const absent = upstream.filter(({ name }) => !own.has(name));
  const lines = [
    '<!-- Written by scripts/write-otel-names.mjs from the installed packages; do not edit. -->',
    '# Names of opentelemetry-js',
    '',
    'Every value that the tracing packages of opentelemetry-js export, 2.x and 3.x, and whether `spandrel/otel` has',
    `it under the same name: ${here.length} it has, ${absent.length} it does not have, each with the reason. A name`,
    'that is absent can be imported from its package beside spandrel: whatever takes or gives a span, a context or a',
    'resource works with either. Names of packages are without their scope.',
    '',
    '## The same name',
    '',
    '| name | of |',
    '|---|---|',
    ...here.map(({ name, from }) => `| \`${name}\` | ${sources(from)} |`),
    '',
    '## No counterpart',
    '',
    '| name | of | reason |',
    '|---|---|---|',
    ...absent.map(({ name, from }) => `| \`${name}\` | ${sources(from)} | ${cell(ABSENT[name] ?? '')} |`),
  ];
  const extra = Object.entries(OWN);
  if (extra.length > 0) {
    lines.push('', '## Only here', '', '| name | what it is |', '|---|---|');
    lines.push(...extra.map(([name, what]) => `| \`${name}\` | ${cell(what)} |`));
  }
  return `${lines.join('\n')}\n`;
}

if (!isInstalled()) {
  console.error('expected the packages of test/ecosystem and test/ecosystem/version-3; npm ci in both first');
  process.exitCode = 1;
} else {
  const text = await render();
  if (!process.argv.includes('--check')) {
    writeFileSync(page, text);
  } else if (readFileSync(page, 'utf8') !== text) {
    console.error('docs/otel-names.md is out of date: run node scripts/write-otel-names.mjs');
    process.exitCode = 1;
  }
}
