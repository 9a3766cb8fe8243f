import { createReadStream } from 'node:fs';
import { PassThrough } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import type pg from 'pg';
import { Failure, workFailure } from '../errors.js';

interface Column {
  readonly name: string;
  readonly type: 'uuid' | 'text' | 'timestamptz' | 'float8';
  readonly required: boolean;
}

/** Shape of a CSV file and the table that it fills. */
export interface CsvTable {
  readonly table: string;
  readonly columns: readonly Column[];
}

const column = (name: string, type: Column['type'], required = false): Column => ({ name, type, required });

/** `id,id1,id2,time,latitude,longitude`. Only the id is required; invalid values elsewhere are loaded as they are. */
export const tapsCsv: CsvTable = {
  table: 'public.taps',
  columns: [
    column('id', 'uuid', true),
    column('id1', 'uuid'),
    column('id2', 'uuid'),
    column('time', 'timestamptz'),
    column('latitude', 'float8'),
    column('longitude', 'float8'),
  ],
};

/** `id,name,home`. */
export const usersCsv: CsvTable = {
  table: 'public.users',
  columns: [column('id', 'uuid', true), column('name', 'text'), column('home', 'text')],
};

const rowsPerInsert = 5_000;

/**
 * Loads a CSV file (gzipped if its name ends in .gz) in the caller's transaction. `onRows` is told how many rows so
 * far. Returns the number of rows. Throws a failure that names the file and the line; the caller rolls back.
 */
export const loadCsv = async (
  client: pg.Client,
  file: string,
  { table, columns }: CsvTable,
  onRows: (rows: number) => void = () => undefined,
): Promise<number> => {
  const names = columns.map(({ name }) => name);
  const insert = `insert into ${table} (${names.join(', ')}) select * from unnest(${columns
    .map(({ type }, index) => `$${index + 1}::${type}[]`)
    .join(', ')})`;
  let total = 0;
  let lastLine = 1;
  let refused: Failure | null = null as Failure | null;
  let pending: { line: number; values: (string | null)[] }[] = [];
  const flush = async () => {
    if (pending.length === 0) return;
    try {
      await client.query(
        insert,
        names.map((_, index) => pending.map(({ values }) => values[index] ?? null)),
      );
    } catch (cause) {
      const [first, last] = [pending[0]?.line, pending.at(-1)?.line];
      throw workFailure(
        `${file}, between lines ${first} and ${last}: ${(cause as Error).message}. Nothing was loaded.`,
        {
          cause,
        },
      );
    }
    total += pending.length;
    pending = [];
    onRows(total);
  };
  const parser = parse({
    columns: (header: string[]) => checkHeader(file, header, names),
    info: true,
    bom: true,
  });
  const source = createReadStream(file);
  try {
    await pipeline(
      source,
      file.endsWith('.gz') ? createGunzip() : new PassThrough(),
      parser,
      async (rows: AsyncIterable<{ record: Record<string, string>; info: { lines: number } }>) => {
        try {
          for await (const { record, info } of rows) {
            lastLine = info.lines;
            pending.push({
              line: info.lines,
              values: columns.map((one) => readValue(file, info.lines, record, one)),
            });
            if (pending.length >= rowsPerInsert) await flush();
          }
          await flush();
        } catch (error) {
          // The pipeline reports only that it was aborted.
          if (error instanceof Failure) refused = error;
          throw error;
        }
      },
    );
  } catch (error) {
    if (refused !== null) throw refused;
    if (error instanceof Failure) throw error;
    const { code, message, lines } = error as { code?: string; message: string; lines?: number };
    if (code === 'ENOENT') throw workFailure(`There is no file ${file}.`, { cause: error });
    throw workFailure(`${file}, line ${lines ?? lastLine + 1}: ${message}. Nothing was loaded.`, {
      cause: error,
    });
  }
  return total;
};

const checkHeader = (file: string, header: string[], names: readonly string[]): string[] => {
  if (names.every((name) => header.includes(name))) return header;
  throw workFailure(
    `${file}, line 1: the header is '${header.join(',')}', expected '${names.join(',')}'. Nothing was loaded.`,
  );
};

const uuid = /^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i;

const readValue = (
  file: string,
  line: number,
  record: Record<string, string>,
  one: Column,
): string | null => {
  const text = record[one.name] ?? '';
  const wrong = (expected: string) =>
    workFailure(`${file}, line ${line}: ${one.name} is '${text}', expected ${expected}. Nothing was loaded.`);
  if (text === '') {
    if (one.required) throw wrong('a value');
    return null;
  }
  if (one.type === 'uuid' && !uuid.test(text)) throw wrong('a uuid');
  if (one.type === 'timestamptz' && Number.isNaN(Date.parse(text)))
    throw wrong('a time such as 2026-01-31T18:00:00Z');
  if (one.type === 'float8' && !Number.isFinite(Number(text))) throw wrong('a number');
  return text;
};
