/** Rows of a Parquet file, of which one row group is held. Loaded when such a file is read. */
import { fileURLToPath } from 'node:url';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** @throws an error with the name of the file when it is no Parquet file, or not whole. */
export async function* readParquet(path: string | URL, name: string): AsyncGenerator<unknown, void> {
  const file = await asyncBufferFromFile(path instanceof URL ? fileURLToPath(path) : path);
  let rowStart = 0;
  try {
    const metadata = await parquetMetadataAsync(file);
    for (const { num_rows: count } of metadata.row_groups) {
      const rowEnd = rowStart + Number(count);
      const rows = await parquetReadObjects({ file, metadata, compressors, rowStart, rowEnd });
      for (const row of rows) yield plain(row);
      rowStart = rowEnd;
    }
  } catch (error) {
    const { message } = error as Error;
    throw new Error(`${name}: expected a whole Parquet file, got a fault after row ${rowStart}: ${message}`);
  }
}

/** 64-bit integers as numbers where they fit, else as text: JSON has no other form for them. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
}
