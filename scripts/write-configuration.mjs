// Writes docs/configuration.md from src/config/options.ts and src/config/option-descriptions.ts.
// With --check it writes nothing and fails if the page is not what would be written.
import { readFileSync, writeFileSync } from 'node:fs';
import { loadTypeScript } from './load-typescript.mjs';

const root = new URL('../', import.meta.url);
const page = new URL('docs/configuration.md', root);

const number = (value) =>
  value === undefined ? 'unset' : value === Infinity ? 'no limit' : value.toLocaleString('en-US');

/** What the option takes, and its bounds. */
function values(option) {
  switch (option.type) {
    case 'boolean':
      return '`true`, `false`';
    case 'choice':
      return option.choices.map((word) => `\`${word}\``).join(', ');
    case 'integer':
    case 'ratio': {
      const unit = option.type === 'ratio' ? 'a number' : `whole number of ${option.unit}`;
      const bounded = Number.isFinite(option.maximum) && option.maximum !== 2_147_483_647;
      return bounded
        ? `${unit}, ${number(option.minimum)} to ${number(option.maximum)}`
        : `${unit}, at least ${number(option.minimum)}`;
    }
    default:
      return option.accepts;
  }
}

function fallback(option) {
  if (option.type === 'integer' || option.type === 'ratio') return number(option.default);
  return option.type === 'choice' || option.type === 'boolean' ? `\`${option.default}\`` : option.default;
}

function render({ OPTIONS, OPTION_DESCRIPTIONS, OPTION_GROUPS }) {
  const lines = [
    '<!-- Written by scripts/write-configuration.mjs from src/config/; do not edit. -->',
    '# Configuration',
    '',
    'An explicit option beats the variables, a variable for traces beats the one for all signals, and any of',
    'them beats the default. Variables are listed in that order. An empty variable counts as unset. A value that',
    'is not valid is named in a warning, once, and counts as not given. The environment is read when tracing',
    'starts, never when the package is imported.',
  ];
  for (const { title, introduction, options } of OPTION_GROUPS) {
    lines.push('', `## ${title}`, '');
    if (introduction !== undefined) lines.push(introduction, '');
    if (options.length === 0) {
      lines.pop();
      continue;
    }
    lines.push('| option | variables | values | default | meaning | at the limit |');
    lines.push('|---|---|---|---|---|---|');
    for (const name of options) {
      const option = OPTIONS[name];
      const { meaning, limit } = OPTION_DESCRIPTIONS[name];
      const variables = option.environment.map((variable) => `\`${variable}\``).join(' ') || '–';
      const cells = [`\`${name}\``, variables, values(option), fallback(option), meaning, limit];
      lines.push(`| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const text = render({
  ...(await loadTypeScript('src/config/options.ts')),
  ...(await loadTypeScript('src/config/option-descriptions.ts')),
});
if (!process.argv.includes('--check')) {
  writeFileSync(page, text);
} else if (readFileSync(page, 'utf8') !== text) {
  console.error('docs/configuration.md is out of date: run node scripts/write-configuration.mjs');
  process.exitCode = 1;
}
