import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DuckDBInstance } from '@duckdb/node-api';
import type pg from 'pg';
import Cursor from 'pg-cursor';
import type { Cost } from '../cost.js';
import { benchFile } from '../world.js';

/** Counts and sums of every column of a table, written alike by both databases. */
const sums: Readonly<Record<string, readonly string[]>> = {
  pair_day: ['tap_count', 'DAY day', 'TIME first_tap_at', 'TIME last_tap_at'],
  pair: ['tap_count', 'DAY first_day', 'DAY last_day', 'TIME first_tap_at', 'TIME last_tap_at'],
  user_day_activity: ['tap_count', 'first_degree_new_count', 'DAY day'],
  user_streaks: [
    'current_streak_days',
    'longest_streak_days',
    'DAY last_active_day',
    'DAY streak_started_on',
    'TIME last_tap_at',
  ],
  user_week_activity: ['year', 'iso_week', 'tap_count', 'first_degree_new_count'],
  edge_strength: ['taps_90d', 'TIME last_tap_at', 'REAL strength_f32'],
};

const sumOf = (column: string): string => {
  const [kind, name = kind] = column.split(' ');
  if (kind === 'DAY') return `cast(sum(${name} - date '2000-01-01') as bigint)`;
  if (kind === 'TIME') return `cast(sum(cast(extract(epoch from ${name}) as bigint)) as bigint)`;
  // Sums of floats depend on the order of their rows.
  if (kind === 'REAL')
    return `cast(sum(cast(round(cast(${name} as double precision) * 10000) as bigint)) as bigint)`;
  return `cast(sum(${name}) as bigint)`;
};

const sumsOf = (table: string, columns: readonly string[]): string =>
  `select cast(concat_ws(' ', count(*), ${columns.map(sumOf).join(', ')}) as varchar) as sums from ${table}`;

/** Writes the answer of a query as CSV. */
const writeCsv = async (client: pg.Client, query: string, header: string, file: string): Promise<void> => {
  const cursor = client.query(new Cursor<{ line: string }>(query));
  const lines = async function* () {
    yield `${header}\n`;
    for (;;) {
      const rows = await cursor.read(20_000);
      if (rows.length === 0) return;
      yield `${rows.map(({ line }) => line).join('\n')}\n`;
    }
  };
  await pipeline(Readable.from(lines()), createWriteStream(file));
  await cursor.close();
};

/**
 * DuckDB's rebuild of the same tables from CSV files, and in what its figures differ from the reference's in the schema
 * `reference`.
 */
export const rebuildWithDuckDb = async (
  client: pg.Client,
): Promise<{ version: string; cost: Cost; differences: string[] }> => {
  const folder = mkdtempSync(join(tmpdir(), 'arc-gam-bench-duckdb-'));
  try {
    await writeCsv(client, 'select id::text as line from public.users', 'id', join(folder, 'users.csv'));
    await writeCsv(
      client,
      "select concat_ws(',', id1, id2, time) as line from public.taps",
      'id1,id2,time',
      join(folder, 'taps.csv'),
    );
    const started = performance.now();
    const usage = process.cpuUsage();
    const instance = await DuckDBInstance.create(join(folder, 'rebuilt.duckdb'));
    const connection = await instance.connect();
    await connection.run("set timezone = 'UTC'");
    const text = benchFile('compare/duckdb.sql')
      .replace('USERS', join(folder, 'users.csv'))
      .replace('TAPS', join(folder, 'taps.csv'));
    await connection.run(text);
    await connection.run('checkpoint');
    const wallMs = performance.now() - started;
    const { user, system } = process.cpuUsage(usage);
    const differences: string[] = [];
    for (const [table, columns] of Object.entries(sums)) {
      const theirs = await connection.runAndReadAll(sumsOf(table, columns));
      const { rows } = await client.query<{ sums: string }>(sumsOf(`reference.${table}`, columns));
      const said = String(theirs.getRows()[0]?.[0]);
      if (said !== rows[0]?.sums) differences.push(`${table}: DuckDB ${said}, Postgres ${rows[0]?.sums}`);
    }
    const version = String((await connection.runAndReadAll('select version()')).getRows()[0]?.[0]);
    connection.closeSync();
    instance.closeSync();
    return { version, cost: { wallMs, serverMs: 0, nodeMs: (user + system) / 1000 }, differences };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
