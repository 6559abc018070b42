/** Makes rows of whatever a data set holds, and names those that cannot be used. */
import { describe } from '../api/attributes.ts';
import { BadRow, type Entry } from './items.ts';
import type { DataRow } from './result.ts';

/** Ids that were given, with the place of their row. Rows without an id cost a byte each. */
class SeenIds {
  private readonly given = new Map<string, number>();
  private isDefault = new Uint8Array(1024);

  /** The place of the earlier row that has this id; remembers the id where there is none. */
  findOrAdd(id: string, index: number, isGiven: boolean): number | undefined {
    const earlier = this.given.get(id);
    if (earlier !== undefined) return earlier;
    if (!isGiven) {
      this.mark(index);
      return undefined;
    }
    const place = /^(0|[1-9]\d{0,14})$/.test(id) ? Number(id) : Number.NaN;
    if (place < index && this.isDefault[place] === 1) return place;
    this.given.set(id, index);
    return undefined;
  }

  private mark(index: number): void {
    if (index >= this.isDefault.length) {
      const larger = new Uint8Array(2 * index);
      larger.set(this.isDefault);
      this.isDefault = larger;
    }
    this.isDefault[index] = 1;
  }
}

/**
 * The items of a data set, in its order, each row as often as it is to be repeated. A row that cannot be used comes
 * once, with its fault: the others are not harmed by it.
 */
export async function* entriesOf(
  values: AsyncIterable<unknown> | Iterable<unknown>,
  repetitions: number,
): AsyncGenerator<Entry, void> {
  const seen = new SeenIds();
  let index = 0;
  for await (const value of values) {
    const made = toRow(value, index);
    if (made instanceof BadRow) {
      yield faultyEntry(String(index), index, { inputs: null }, made.reason);
    } else {
      const id = made.id === undefined ? String(index) : String(made.id);
      const earlier = seen.findOrAdd(id, index, made.id !== undefined);
      if (earlier !== undefined) {
        const reason = `row ${index}: expected an id of its own, got ${JSON.stringify(id)}, the id of row ${earlier}; change one of them.`;
        yield faultyEntry(`${id}#${index}`, index, made, reason);
      } else {
        for (let repetition = 0; repetition < repetitions; repetition += 1)
          yield { id, index, repetition, row: made, fault: undefined };
      }
    }
    index += 1;
  }
}

function faultyEntry(id: string, index: number, row: DataRow, fault: string): Entry {
  return { id, index, repetition: 0, row, fault };
}

/** What a value of the data set is as a row. */
export function toRow(value: unknown, index: number): DataRow | BadRow {
  if (value instanceof BadRow) return value;
  if (value === undefined || value === null || typeof value === 'function' || typeof value === 'symbol')
    return new BadRow(
      `row ${index}: expected an object with inputs, or a value to take as inputs, got ${describe(value)}.`,
    );
  if (typeof value !== 'object' || Array.isArray(value)) return { inputs: value };
  try {
    return readRow(value as Record<string, unknown>, index);
  } catch (error) {
    return new BadRow(`row ${index}: cannot be read: ${describe(error)}.`);
  }
}

/** Of an object without `inputs`, all but `id`, `expected` and `metadata` is the input. */
function readRow(given: Record<string, unknown>, index: number): DataRow | BadRow {
  const { id, expected, metadata, ...rest } = given;
  if (id !== undefined && id !== null && typeof id !== 'string' && !Number.isFinite(id))
    return new BadRow(`row ${index}: expected an id that is text or a number, got ${describe(id)}.`);
  const row: DataRow = { inputs: Object.hasOwn(given, 'inputs') ? given.inputs : rest };
  if (id !== undefined && id !== null) row.id = id as string | number;
  if (expected !== undefined) row.expected = expected;
  if (typeof metadata === 'object' && metadata !== null) row.metadata = metadata as Record<string, unknown>;
  return row;
}
