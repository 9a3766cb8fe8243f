import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { expect, test } from 'vitest';
import { loadCsv, tapsCsv, usersCsv } from '../../src/demo/csv.js';
import { createDatabase, type TestDatabase } from '../server/database.js';
import { describeUnless } from '../server/lacking.js';

const shared = [process.env.ARC_GAM_SHARED, '../../../shared', '../../../../shared']
  .filter((path) => path !== undefined)
  .map((path) => (path.startsWith('/') ? path : fileURLToPath(new URL(path, import.meta.url))))
  .find((path) => existsSync(`${path}/expected`));

const withDataSets = describeUnless(
  shared === undefined ? 'there is no folder ../shared with data sets and expected rollups' : null,
);

const dataSets = [
  { name: 'workplace2013', asOf: '2013-07-05', zone: 'UTC' },
  { name: 'workplace2015', asOf: '2015-05-01', zone: 'UTC' },
  { name: 'collegemsg', asOf: '2004-10-26', zone: 'UTC' },
  { name: 'gowalla_nyc', asOf: '2010-10-22', zone: 'America/New_York' },
] as const;

/**
 * A table's rows as the lines of the expected file, and the number in a line's last field where it is compared roughly.
 */
const lines = {
  user_day_activity: "concat_ws(',', user_id, day, tap_count, first_degree_new_count)",
  user_week_activity:
    "concat_ws(',', user_id, year, iso_week, tap_count, first_degree_new_count, second_degree_count, second_degree_new_count)",
  user_streaks:
    "concat_ws(',', user_id, current_streak_days, longest_streak_days, last_active_day, streak_started_on, (extract(epoch from last_tap_at) * 1000000)::bigint)",
  edge_strength:
    "concat_ws(',', u1, u2, taps_90d, (extract(epoch from last_tap_at) * 1000000)::bigint, strength_f32::numeric(12, 5))",
  weekly_leaderboard:
    "concat(user_id, ',', year, ',', iso_week, ',', new_first_degree, ',', delta_second_degree, ',', streak_days, ',', connectors_rank, ',', builders_rank, ',', streak_rank)",
} as const;

const expectedLines = (name: string, table: string): string[] =>
  gunzipSync(readFileSync(`${shared}/expected/${name}/${table}.csv.gz`))
    .toString()
    .split('\n')
    .filter((line) => line !== '');

/** Cuts the strength off a line: it is compared to within 0.0002. */
const splitStrength = (all: readonly string[]) =>
  new Map(
    all.map((line) => [line.slice(0, line.lastIndexOf(',')), Number(line.slice(line.lastIndexOf(',') + 1))]),
  );

/** Lines that one side has more often than the other; edges also where their strengths are apart. */
const differences = (table: string, got: readonly string[], want: readonly string[]): string[] => {
  if (table === 'edge_strength') {
    const [gotEdges, wantEdges] = [splitStrength(got), splitStrength(want)];
    return [...new Set([...gotEdges.keys(), ...wantEdges.keys()])].filter(
      (edge) =>
        !(Math.abs((gotEdges.get(edge) ?? Number.NaN) - (wantEdges.get(edge) ?? Number.NaN)) <= 0.0002),
    );
  }
  const counts = new Map<string, number>();
  for (const line of got) counts.set(line, (counts.get(line) ?? 0) + 1);
  for (const line of want) counts.set(line, (counts.get(line) ?? 0) - 1);
  return [...counts]
    .filter(([, count]) => count !== 0)
    .map(([line, count]) => `${count > 0 ? 'got ' : 'want'} ${line}`);
};

const load = async (database: TestDatabase, name: string) => {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query('begin');
  await loadCsv(client, `${shared}/data/${name}/users.csv.gz`, usersCsv);
  await loadCsv(client, `${shared}/data/${name}/taps.csv.gz`, tapsCsv);
  await client.query('commit');
  await client.end();
};

test('a difference is found, whichever side it is on', () => {
  expect(differences('user_day_activity', ['a', 'a', 'b'], ['a', 'b', 'c'])).toEqual(['got  a', 'want c']);
  expect(differences('edge_strength', ['a,1,0.5000'], ['a,1,0.50019'])).toEqual([]);
  expect(differences('edge_strength', ['a,1,0.5'], ['a,1,0.5003', 'b,1,0.5'])).toEqual(['a,1', 'b,1']);
});

withDataSets('rollups of', () => {
  test.each(dataSets)('$name are the expected ones, row for row, and verify is silent', async ({
    name,
    asOf,
    zone,
  }) => {
    const database = await createDatabase();
    try {
      await load(database, name);
      await database.ok(['backfill', '--to', asOf], { ARC_GAM_TZ: zone });
      for (const [table, line] of Object.entries(lines)) {
        const rows = await database.rows<{ line: string }>(`select ${line} as line from ${table}`);
        const want = expectedLines(name, table);
        expect(want.length, table).toBeGreaterThan(50);
        expect(
          differences(
            table,
            rows.map((row) => row.line),
            want,
          ).slice(0, 5),
          table,
        ).toEqual([]);
        expect(rows.length, table).toBe(want.length);
      }
      const verified = await database.cli(['verify', '--full']);
      expect(verified).toMatchObject({ code: 0, stderr: '' });
      expect(verified.stdout).toContain('All equal.');
      expect(verified.stdout).not.toMatch(/^[✗-] /m);
    } finally {
      await database.drop();
    }
  });
});
