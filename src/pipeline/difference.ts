import type pg from 'pg';
import Cursor from 'pg-cursor';
import type { Row, Session } from '../db/transaction.js';
import type { ChangedRow } from '../report/reporter.js';

/** Rows of one table that a transaction would change, net of what its batches did in between. */
export interface TableDifference {
  readonly table: string;
  readonly inserted: number;
  readonly updated: number;
  readonly deleted: number;
}

interface TableShape {
  readonly table: string;
  readonly keys: readonly string[];
  readonly columns: readonly string[];
}

type TextRow = Record<string, string | null>;

/** When a row was written is no figure. */
const notFigures = new Set(['last_updated_at']);

const rowsAtOnce = 1_000;

/**
 * What the open transaction of `inside` has changed in a table, without a copy of it: the versions that it wrote carry its
 * id in xmin and are seen inside; those that it replaced carry it in xmax and are still seen from `outside`. Both are
 * read in key order through cursors and merged, in constant memory. `onRow` hears of each changed row.
 */
export const differenceOf = async (
  inside: Session,
  outside: pg.Client,
  schema: string,
  table: string,
  onRow: (row: ChangedRow) => Promise<void>,
): Promise<TableDifference> => {
  const shape = await shapeOf(inside, table);
  const [transaction] = await inside.query<{ id: string }>('select pg_current_xact_id()::xid::text as id');
  const columns = shape.columns.map((column) => `"${column}"::text as "${column}"`).join(', ');
  const order = shape.keys.map((key) => `"${key}"::text collate "C"`).join(', ');
  const written = inside.stream<TextRow>(
    `select ${columns} from ${table} where xmin = $1::text::xid order by ${order}`,
    [transaction?.id ?? ''],
    rowsAtOnce,
  );
  const replaced = streamOutside(
    outside,
    `select ${columns} from "${schema}".${table} where xmax = $1::text::xid order by ${order}`,
    [transaction?.id ?? ''],
  );
  const counts = { inserted: 0, updated: 0, deleted: 0 };
  for await (const [before, after] of mergeByKey(replaced, written, shape.keys)) {
    const key = Object.fromEntries(shape.keys.map((name) => [name, (after ?? before)?.[name] ?? '']));
    if (before === null) counts.inserted += 1;
    else if (after === null) counts.deleted += 1;
    else if (shape.columns.every((column) => before[column] === after[column])) continue;
    else counts.updated += 1;
    await onRow({ table, key, old: before, new: after });
  }
  return { table, ...counts };
};

const shapeOf = async (session: Session, table: string): Promise<TableShape> => {
  const rows = await session.query<{ name: string; is_key: boolean }>(
    `select attribute.attname as name, coalesce(attribute.attnum = any (key.conkey), false) as is_key
     from pg_attribute as attribute
     left join pg_constraint as key on key.conrelid = attribute.attrelid and key.contype = 'p'
     where attribute.attrelid = to_regclass($1::text) and attribute.attnum > 0
       and not attribute.attisdropped and attribute.attgenerated = ''
     order by array_position(key.conkey, attribute.attnum), attribute.attnum`,
    [table],
  );
  return {
    table,
    keys: rows.filter(({ is_key }) => is_key).map(({ name }) => name),
    columns: rows.map(({ name }) => name).filter((name) => !notFigures.has(name)),
  };
};

async function* streamOutside(client: pg.Client, text: string, values: string[]): AsyncGenerator<TextRow> {
  const cursor = client.query(new Cursor<TextRow>(text, values));
  try {
    for (;;) {
      const rows = await cursor.read(rowsAtOnce);
      if (rows.length === 0) return;
      yield* rows;
    }
  } finally {
    await cursor.close();
  }
}

/** Pairs two streams in the order of the same key: [old, new], null where one side has no such row. */
async function* mergeByKey<Left extends Row, Right extends Row>(
  left: AsyncIterable<Left>,
  right: AsyncIterable<Right>,
  keys: readonly string[],
): AsyncGenerator<[Left | null, Right | null]> {
  const lefts = left[Symbol.asyncIterator]();
  const rights = right[Symbol.asyncIterator]();
  let one = await lefts.next();
  let other = await rights.next();
  while (!one.done || !other.done) {
    const order = one.done ? 1 : other.done ? -1 : compareKeys(one.value, other.value, keys);
    yield [order <= 0 ? (one.value as Left) : null, order >= 0 ? (other.value as Right) : null];
    if (order <= 0) one = await lefts.next();
    if (order >= 0) other = await rights.next();
  }
}

/** As "C" collates: by code, which is how JavaScript compares the plain ASCII of keys, dates and numbers. */
const compareKeys = (one: Row, other: Row, keys: readonly string[]): number => {
  for (const key of keys) {
    const [left, right] = [String(one[key]), String(other[key])];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
};
