import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const MARK = /\b(?:v8|c8|istanbul) ignore\b(.*)/g;

test('code left out of the coverage is marked with a reason, and counted', () => {
  const marks: string[] = [];
  for (const folder of ['src', 'assembly']) {
    for (const file of readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || file.includes('.gen.')) continue;
      const text = readFileSync(join(ROOT, folder, file), 'utf8');
      for (const [, rest] of text.matchAll(MARK)) marks.push(`${folder}/${file}:${rest}`);
    }
  }
  console.log(`coverage: ${marks.length} ignore comments in src/ and assembly/`);
  for (const mark of marks) expect(mark).toMatch(/-- \S+ \S+/);
});
