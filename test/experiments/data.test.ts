/** Rows from files, read as they are needed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import fc from 'fast-check';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { describe, expect, test } from 'vitest';
import { openData } from '../../src/experiments/data.ts';
import { linesOf } from '../../src/experiments/file-lines.ts';
import { BadRow } from '../../src/experiments/items.ts';
import { itemsOf, listOf, quietly, useExperiments } from '../helpers/experiments.ts';

const bench = useExperiments();

function file(name: string, content: string | Uint8Array): string {
  const path = join(bench.folder, name);
  writeFileSync(path, content);
  return path;
}

async function rowsOf(data: unknown): Promise<unknown[]> {
  const { values } = await openData(data);
  return listOf(values as AsyncIterable<unknown>);
}

describe('JSON Lines', () => {
  test('are a row each, a bad line harming no other', async () => {
    const path = file('rows.jsonl', '\uFEFF{"inputs":1}\n\n{"inputs":\r\n"text"\r\n{"inputs":3}');
    const rows = await rowsOf(path);
    expect(rows).toEqual([{ inputs: 1 }, expect.any(BadRow), 'text', { inputs: 3 }]);
    const result = await quietly(bench, { task: ({ inputs }) => inputs, data: path });
    expect(result.counts).toMatchObject({ ok: 3, error: 1 });
    const failed = itemsOf(result.file).find(({ status }) => status === 'error');
    expect(failed?.error?.message).toContain(`${path}, line 3: expected one JSON value`);
  });

  test('are read from a file: URL', async () => {
    expect(await rowsOf(pathToFileURL(file('a b.jsonl', '1\n2\n')))).toEqual([1, 2]);
    await expect(rowsOf(new URL('https://host.test/rows.jsonl'))).rejects.toThrow('expected a file: URL');
  });
});

describe('lines of a file', () => {
  test('are those of the text, whatever their length, from any place', async () => {
    const path = join(bench.folder, 'lines');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 30 })),
        fc.nat(3),
        async (parts, long) => {
          const lines = parts.map((part, index) =>
            part.replaceAll('\n', ' ').repeat(index === long ? 9_000 : 1),
          );
          const text = lines.join('\n');
          writeFileSync(path, text);
          const read = await listOf(linesOf(path));
          // A text that ends in a line end has no line after it.
          const expected = text === '' ? [] : text.replace(/\n$/, '').split('\n');
          expect(read.map((line) => line.text)).toEqual(expected);
          expect(read.every(({ isWhole }, index) => isWhole || index === read.length - 1)).toBe(true);
          const from = read.at(Math.floor(read.length / 2))?.start ?? 0;
          expect((await listOf(linesOf(path, { from }))).map((line) => line.text)).toEqual(
            read.filter(({ start }) => start >= from).map((line) => line.text),
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('CSV', () => {
  test('has the names of its first line', async () => {
    const path = file('rows.csv', '\uFEFFid,question,expected\n1,"a, ""b""\nc",x\n2,d,y\n');
    expect(await rowsOf(path)).toEqual([
      { id: '1', question: 'a, "b"\nc', expected: 'x' },
      { id: '2', question: 'd', expected: 'y' },
    ]);
    const result = await quietly(bench, { task: ({ inputs }) => inputs, data: path });
    expect(itemsOf(result.file).map(({ id, output, row }) => [id, output, row.expected])).toEqual([
      ['1', { question: 'a, "b"\nc' }, 'x'],
      ['2', { question: 'd' }, 'y'],
    ]);
  });

  test('with a line of too few or too many fields goes on, and names it', async () => {
    const path = file('rows.csv', 'a,b\n1,2\n3\n4,5,6\n7,8\n');
    const rows = await rowsOf(path);
    expect(rows).toEqual([{ a: '1', b: '2' }, expect.any(BadRow), expect.any(BadRow), { a: '7', b: '8' }]);
    expect((rows[1] as BadRow).reason).toMatch(
      /rows.csv, line 3: expected as many fields as there are names/,
    );
  });

  test('that is none, or is not there, says which file', async () => {
    await expect(rowsOf(file('rows.csv', 'a,b\n"1,2\n'))).rejects.toThrow(
      /rows.csv: expected CSV as RFC 4180/,
    );
    await expect(rowsOf(join(bench.folder, 'no.csv'))).rejects.toThrow(/no.csv/);
  });
});

describe('Parquet', () => {
  const columnData = [
    { name: 'id', data: Array.from({ length: 2_500 }, (_, index) => `r${index}`) },
    {
      name: 'inputs',
      data: Array.from({ length: 2_500 }, (_, index) => BigInt(index)),
      type: 'INT64' as const,
    },
    {
      name: 'expected',
      data: Array.from({ length: 2_500 }, (_, index) => index * 2),
      type: 'DOUBLE' as const,
    },
  ];

  test('is read a row group after the other', async () => {
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData, rowGroupSize: 1_000 }));
    const path = file('rows.parquet', bytes);
    const rows = await rowsOf(path);
    expect(rows).toHaveLength(2_500);
    expect(rows[2_499]).toEqual({ id: 'r2499', inputs: 2_499, expected: 4_998 });
    const result = await quietly(bench, {
      task: ({ inputs }) => 2 * (inputs as number),
      data: pathToFileURL(path),
      evaluators: { exact: ({ output, expected }) => output === expected },
    });
    expect(result.metrics[0]).toMatchObject({ name: 'exact', count: 2_500, mean: 1 });
  });

  test('that is cut off says which file', async () => {
    const bytes = new Uint8Array(parquetWriteBuffer({ columnData }));
    const path = file('rows.parquet', bytes.subarray(0, 500));
    await expect(rowsOf(path)).rejects.toThrow(
      /rows.parquet: expected a whole Parquet file, got a fault after row 0/,
    );
  });

  test('that is not there says which file', async () => {
    mkdirSync(join(bench.folder, 'sub'));
    await expect(rowsOf(join(bench.folder, 'sub/no.parquet'))).rejects.toThrow(/no.parquet/);
  });
});
