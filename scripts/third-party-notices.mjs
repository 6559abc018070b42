// Writes THIRD_PARTY_NOTICES: name, version and licence of each package of which the build holds code.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the package that a bundled file is of; `undefined` for our own. */
function packageOf(input) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
}

function noticeOf(root, folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
  const file = readdirSync(join(root, folder)).find((entry) => /^(?:licen[cs]e|copying)/i.test(entry));
  if (file === undefined) throw new Error(`expected a licence text of ${name}, which is bundled; found none`);
  const text = readFileSync(join(root, folder, file), 'utf8').trim();
  return `${name} ${version} (${license})\n\n${text}\n`;
}

/** @param metafiles - of the builds, as esbuild gives them. */
export function writeThirdPartyNotices(root, metafiles) {
  const used = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap(({ inputs }) =>
      Object.keys(inputs).filter((input) => inputs[input].bytesInOutput > 0),
    ),
  );
  const folders = [...new Set(used.map(packageOf).filter((folder) => folder !== undefined))].sort();
  const notices = folders.map((folder) => noticeOf(root, folder));
  const head = `Code of others in this package: ${notices.length === 0 ? 'none.' : ''}`.trim();
  writeFileSync(
    join(root, 'THIRD_PARTY_NOTICES'),
    `${[head, ...notices].join(`\n\n${'-'.repeat(80)}\n\n`).trim()}\n`,
  );
}
