/** Where rows come from. */
import { fileURLToPath } from 'node:url';
import { describe } from '../api/attributes.ts';
import { readJsonLines } from './readers/jsonl.ts';

/**
 * Rows in memory, rows that come one after the other and are never held whole, or the path or `file:` URL of a file that
 * ends in `.jsonl` (or `.ndjson`), `.csv` or `.parquet`.
 */
export type DataSource<Given = unknown> =
  | readonly Given[]
  | AsyncIterable<Given>
  | (Iterable<Given> & object)
  | string
  | URL;

export interface OpenData {
  readonly values: AsyncIterable<unknown> | Iterable<unknown>;
  /** `null`: not known before its end. */
  readonly count: number | null;
  /** What to call it in a message. */
  readonly name: string;
}

type Reader = (path: string | URL, name: string) => AsyncIterable<unknown>;

const READERS: Readonly<Record<string, () => Promise<Reader>>> = {
  jsonl: async () => readJsonLines,
  ndjson: async () => readJsonLines,
  csv: async () => (await import('./readers/csv.ts')).readCsv,
  parquet: async () => (await import('./readers/parquet.ts')).readParquet,
};

/** @throws TypeError when `data` is nothing that rows can be read from. */
export async function openData(data: unknown): Promise<OpenData> {
  if (typeof data === 'string' || data instanceof URL) return openFile(data);
  if (Array.isArray(data)) return { values: data, count: data.length, name: 'the array' };
  if (typeof data === 'object' && data !== null) {
    if (Symbol.asyncIterator in data)
      return { values: data as AsyncIterable<unknown>, count: null, name: 'the async iterable' };
    if (Symbol.iterator in data)
      return { values: data as Iterable<unknown>, count: null, name: 'the iterable' };
  }
  throw new TypeError(
    `data: expected an array, an iterable or the path of a file, got ${describe(data)}. Pass one of them.`,
  );
}

async function openFile(path: string | URL): Promise<OpenData> {
  if (path instanceof URL && path.protocol !== 'file:')
    throw new TypeError(
      `data: expected a file: URL, got one of ${path.protocol} Download it, or pass its rows.`,
    );
  const name = path instanceof URL ? fileURLToPath(path) : path;
  const extension = /\.([^./\\]+)$/.exec(name)?.[1].toLowerCase() ?? '';
  if (!Object.hasOwn(READERS, extension)) {
    const known = Object.keys(READERS).map((one) => `.${one}`);
    throw new TypeError(`data: expected a file that ends in ${known.join(', ')}, got ${name}.`);
  }
  const read = await READERS[extension]();
  return { values: read(path, name), count: null, name };
}
