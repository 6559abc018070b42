/** @module Programs of a guide, run as they stand. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { type ChildResult, run } from './api-child.ts';

export interface Guide {
  readonly text: string;
  /** Its `js` blocks. */
  readonly programs: readonly string[];
  /** Runs the program that contains `part`. @throws Error unless there is one such. */
  run(part: string, environment: Record<string, string>): Promise<ChildResult>;
}

/** Reads `docs/guides/<name>.md`; to be called outside of tests. */
export function guide(name: string): Guide {
  const text = readFileSync(`docs/guides/${name}.md`, 'utf8');
  const programs = [...text.matchAll(/```js\n(.*?)```/gs)].map(([, code]) => code);
  // Inside the package, so that 'spandrel' resolves to it as it would for someone who installed it.
  mkdirSync('.cache', { recursive: true });
  const folder = mkdtempSync('.cache/guide-');
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    text,
    programs,
    run(part, environment) {
      const [program, ...others] = programs.filter((code) => code.includes(part));
      if (program === undefined || others.length > 0) throw new Error(`expected one program with "${part}"`);
      const file = join(folder, `program-${programs.indexOf(program)}.mjs`);
      writeFileSync(file, program);
      return run(file, { environment });
    },
  };
}
