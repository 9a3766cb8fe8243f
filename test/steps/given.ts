import { afterAll, beforeAll, expect } from 'vitest';
import { loadSteps } from '../../src/pipeline/order.js';
import { createScratch, isScratch } from '../../src/pipeline/scratch.js';
import { isPreparing, isShared, type StepParameter } from '../../src/pipeline/step.js';
import { createDatabase, type TestDatabase } from '../server/database.js';
import { runStep } from './run-step.js';

/**
 * A table as text: a line with the columns, then one a row. `-` is null; u1, u2, ... are users by number, and their
 * private keys are the numbers; a week's number is written as its Monday; times are as short as they can be
 * (2026-02-03T10:00Z); what has a space in it stands in single quotes.
 */
type Literal = string;

interface Case {
  /** Rows of what the step reads, and of what it writes as it stands before. Everything else is empty. */
  readonly given: Readonly<Record<string, Literal>>;
  /** All that the step is told: null would be a value that no batch has. */
  readonly params?: Partial<Record<StepParameter, unknown>>;
  /** Rows afterwards, in any order, of the columns that are named. */
  readonly expected: Readonly<Record<string, Literal>>;
}

const steps = loadSteps();

/**
 * Registers a database for a file's tests and returns what runs one step, or some in order, on given rows. Each case
 * has tables of its own: temporary ones that stand before the schema's, so that a case needs no other rows than those
 * that the step reads.
 */
export const stepCases = (): ((name: string | readonly string[], the: Case) => Promise<void>) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createDatabase();
  });
  afterAll(() => database.drop());
  return async (name, the) => {
    const names = typeof name === 'string' ? [name] : name;
    await database.client.query('begin');
    try {
      await makeTables(database, names, the);
      for (const [table, literal] of Object.entries(the.given)) await insert(database, table, literal);
      for (const one of names) await runStep(database.client, one, the.params ?? {});
      for (const [table, literal] of Object.entries(the.expected)) {
        const { columns, rows } = parsed(literal);
        expect(await read(database, table, columns), table).toEqual(rows.map((row) => row.join(' ')).sort());
      }
    } finally {
      await database.client.query('rollback');
    }
  };
};

const makeTables = async (
  { client }: TestDatabase,
  names: readonly string[],
  { given, params = {}, expected }: Case,
) => {
  const tested = names.map((name) => {
    const step = steps.find((one) => one.name === name);
    if (step === undefined) throw new Error(`no step is called ${name}`);
    return step;
  });
  for (const { name, params: told } of tested) {
    const untold = told.filter((parameter) => !(parameter in params));
    if (untold.length > 0)
      throw new Error(`${name} must be told ${untold.join(', ')}: add it to the case's params`);
  }
  const tables = new Set([
    ...tested.flatMap(({ reads, before, notes, table }) => [
      ...reads,
      ...before,
      ...notes.map((note) => note.table),
      table,
    ]),
    ...Object.keys({ ...given, ...expected }),
  ]);
  // A step itself makes what it prepares alone.
  for (const step of tested) if (isPreparing(step) && !isShared(step, steps)) tables.delete(step.table);
  for (const table of tables) {
    // Functions read the schema's own gazetteer.
    if (table === 'gazetteer_place') continue;
    if (isScratch(table)) await client.query(createScratch(table, 'temp', 'public'));
    else
      await client.query(
        (await isView(client, table))
          ? `create temp table ${table} as select * from gamification.${table} with no data`
          : `create temp table ${table} (like gamification.${table} including all)`,
      );
  }
  if (tables.has('user_key'))
    await client.query('create temp view own_user as select user_id, user_key from user_key');
  if (!('user_key' in given) && !names.includes('user_key') && tables.has('user_key')) {
    await client.query(
      `insert into user_key (user_key, user_id)
       select number, ('00000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid
       from generate_series(1, 9) as given (number)`,
    );
  }
};

const isView = async (client: TestDatabase['client'], table: string): Promise<boolean> => {
  const { rows } = await client.query<{ kind: string }>(
    "select relkind as kind from pg_class where oid = ('gamification.' || $1)::regclass",
    [table],
  );
  return rows[0]?.kind === 'v';
};

const parsed = (literal: Literal): { columns: string[]; rows: string[][] } => {
  const [columns = [], ...rows] = literal
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => (line.match(/'[^']*'|\S+/g) ?? []).map((word) => word.replaceAll("'", '')));
  for (const row of rows) {
    if (row.length !== columns.length) throw new Error(`${row.join(' ')}: expected ${columns.join(' ')}`);
  }
  return { columns, rows };
};

/** The types of a table's columns, to read a week's number and a user's name in their short forms. */
const typesOf = async ({ client }: TestDatabase, table: string): Promise<Map<string, string>> => {
  const { rows } = await client.query<{ name: string; type: string }>(
    `select attname::text as name, format_type(atttypid, atttypmod) as type
     from pg_attribute
     where attrelid = $1::text::regclass and attnum > 0`,
    [table],
  );
  return new Map(rows.map(({ name, type }) => [name, type]));
};

/** Of the columns that end so, in_week is a count. */
const isWeek = (column: string, type: string | undefined): boolean =>
  /(^|_)week$/.test(column) && column !== 'in_week' && type === 'integer';

const insert = async (database: TestDatabase, table: string, literal: Literal): Promise<void> => {
  const { columns, rows } = parsed(literal);
  const types = await typesOf(database, table);
  const places = columns.map((column, index) =>
    isWeek(column, types.get(column)) ? `week_number($${index + 1}::date)` : `$${index + 1}`,
  );
  for (const row of rows)
    await database.client.query(
      `insert into ${table} (${columns.join(', ')}) values (${places.join(', ')})`,
      row.map((value) =>
        value === '-' ? null : value.replace(/^u(\d+)$/, (_, number) => user(Number(number))),
      ),
    );
};

const user = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

const read = async (database: TestDatabase, table: string, columns: readonly string[]): Promise<string[]> => {
  const types = await typesOf(database, table);
  const shown = columns.map((column) =>
    isWeek(column, types.get(column)) ? `week_start(${column})::text as ${column}` : `${column}::text`,
  );
  const rows = await database.rows<Record<string, string | null>>(`select ${shown.join(', ')} from ${table}`);
  return rows.map((row) => columns.map((column) => short(row[column] ?? null)).join(' ')).sort();
};

const short = (value: string | null): string =>
  value === null
    ? '-'
    : value
        .replace(/00000000-0000-4000-8000-0*(\d+)/g, 'u$1')
        .replace(/"?(\d{4}-\d\d-\d\d) (\d\d:\d\d)(?::00)?((?::\d\d(?:\.\d+)?)?)\+00"?/g, '$1T$2$3Z')
        .replace(/^true$/, 't')
        .replace(/^false$/, 'f');
