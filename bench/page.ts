import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildDigest } from './build.ts';
import { machine } from './report.ts';
import { ROOT } from './repository.ts';

/** What a bench says: line by line on the screen, and with `--write` as a page beside it. */
export class Page {
  private readonly lines: string[] = [];

  say(line: string): void {
    this.lines.push(line);
    console.log(line);
  }

  /** @param program - as `npm run bench --` takes it. */
  write(file: string, title: string, program: string): void {
    const args = process.argv.slice(2);
    if (!args.includes('--write')) return;
    const head = machine(`npm run bench -- ${args.join(' ')}`, buildDigest());
    const body = [
      `# Bench results: ${title}`,
      '',
      `Written by \`npm run bench -- ${program}\`.`,
      '',
      ...head,
    ];
    writeFileSync(join(ROOT, 'bench', file), `${[...body, '', ...this.lines].join('\n').trimEnd()}\n`);
  }
}
