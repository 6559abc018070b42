/** @module A WebAssembly module from outside: its sections, and which instructions it uses. */

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

/** WebAssembly Core Specification, §5.5.2, in the order of their ids. */
const SECTIONS = [
  'custom',
  'type',
  'import',
  'function',
  'table',
  'memory',
  'global',
  'export',
  'start',
  'element',
  'code',
  'data',
  'data count',
] as const;

export type SectionName = (typeof SECTIONS)[number];

export interface Section {
  readonly name: SectionName;
  readonly length: number;
}

const HEADER_BYTES = 8;

export function engineSections(bytes: Uint8Array): Section[] {
  const sections: Section[] = [];
  let at = HEADER_BYTES;
  while (at < bytes.length) {
    const name = SECTIONS[bytes[at]];
    let length = 0;
    let shift = 0;
    do {
      at += 1;
      length |= (bytes[at] & 127) << shift;
      shift += 7;
    } while (bytes[at] > 127);
    at += 1 + length;
    sections.push({ name, length });
  }
  if (at !== bytes.length) throw new Error(`expected sections up to byte ${bytes.length}, got ${at}`);
  return sections;
}

/** The instructions in a module, each once, as binaryen's disassembler names them. */
export function opcodesOf(root: string, bytes: Uint8Array): string[] {
  const disassembler = join(root, 'node_modules/binaryen/bin/wasm-dis');
  const text = execFileSync(process.execPath, [disassembler, '--all-features', '-', '-o', '-'], {
    input: bytes,
    encoding: 'utf8',
  });
  return [...new Set([...text.matchAll(/\(([a-z][a-z0-9_.]+)/g)].map(([, opcode]) => opcode))];
}
