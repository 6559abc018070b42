/** @module The programs in a page of the documentation, run as they stand but for the receiver's port. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll } from 'vitest';
import { type ChildResult, run } from './api-child.ts';
import { type OtlpReceiver, receiveOtlp } from './api-receiver.ts';
import { plainAttributes } from './api-recorder.ts';

/** The code of all blocks of a page in that language. */
export function blocksOf(page: string, language: string): string[] {
  const blocks = readFileSync(page, 'utf8').matchAll(/```(\w+)\n(.*?)```/gs);
  return [...blocks].filter(([, given]) => given === language).map(([, , code]) => code);
}

/** What came of a program: its end, and its spans with their parents by name. */
export interface GuideResult extends ChildResult {
  readonly receiver: OtlpReceiver;
  readonly folder: string;
  /** `parent > name` of each span, sorted. */
  readonly edges: string[];
  /** Attributes of the spans of that name. */
  attributes(name: string): Record<string, unknown>[];
}

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder inside the package, so that 'spandrel' resolves to it as it would for someone who installed it. */
export function guideFolder(): string {
  mkdirSync('.cache', { recursive: true });
  const folder = resolve(mkdtempSync('.cache/guide-'));
  folders.push(folder);
  return folder;
}

/** Runs a block as it stands. */
export function runProgram(
  code: string,
  {
    folder = guideFolder(),
    ...options
  }: { flags?: string[]; folder?: string; environment?: Record<string, string> } = {},
): Promise<ChildResult> {
  const file = join(folder, 'program.mjs');
  writeFileSync(file, code);
  return run(file, { cwd: folder, ...options });
}

/** Runs a block in `folder`, with a receiver where it says `http://localhost:4318`. */
export async function runBlock(
  code: string,
  { flags, folder = guideFolder() }: { flags?: string[]; folder?: string } = {},
): Promise<GuideResult> {
  const receiver = await receiveOtlp();
  const result = await runProgram(code.replaceAll('http://localhost:4318', receiver.base), { folder, flags });
  const { spans } = receiver;
  const nameOf = (id: string) => spans.find(({ spanId }) => spanId === id)?.name;
  return {
    ...result,
    receiver,
    folder,
    edges: spans.map(({ parentSpanId, name }) => `${nameOf(parentSpanId) ?? ''} > ${name}`).sort(),
    attributes: (name) =>
      spans.filter((span) => span.name === name).map((span) => plainAttributes(span.attributes)),
  };
}
