/** Rows of a CSV file (RFC 4180), its first line the names of the members. Loaded when such a file is read. */
import { createReadStream } from 'node:fs';
import { CsvError, type InfoRecord, parse } from 'csv-parse';
import { BadRow } from '../items.ts';

interface CsvRecord {
  readonly record: Record<string, string>;
  readonly info: InfoRecord;
}

/** Reads as fast as it is asked. A record with too few or too many fields is a bad row; the rest go on. */
export async function* readCsv(path: string | URL, name: string): AsyncGenerator<unknown, void> {
  const parser = parse({
    columns: true,
    bom: true,
    info: true,
    skip_empty_lines: true,
    relax_column_count: true,
  });
  const source = createReadStream(path);
  source.on('error', (error) => parser.destroy(error));
  source.pipe(parser);
  try {
    for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
      const fields = Object.keys(record).length;
      const fault = info.error;
      if (fault === undefined) yield record;
      else
        yield new BadRow(
          `${name}, line ${info.lines}: expected as many fields as there are names, got ${fields}.`,
        );
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new Error(`${name}: expected CSV as RFC 4180 has it: ${error.message}`);
  } finally {
    source.destroy();
  }
}
