import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test as plainTest } from 'vitest';
import { addDays } from '../../src/pipeline/plan.js';
import { jsonLines } from '../command/cli.js';
import { addTap, addUsers, type TestDatabase } from '../server/database.js';
import { onOneDay } from '../server/day.js';

let database: TestDatabase;
let today: string;
const test = (name: string, use: () => Promise<void>) =>
  plainTest(
    name,
    onOneDay(async (own, day) => {
      database = own;
      today = day;
      await use();
    }),
  );

const yesterday = (): string => addDays(today, -1);

/** Samples by name and labels; the format is held against the grammar of Prometheus' text format on the way. */
const samplesOf = (text: string): Map<string, number> => {
  const samples = new Map<string, number>();
  const typed = new Set<string>();
  for (const line of text.trimEnd().split('\n')) {
    const comment = /^# (HELP|TYPE) (arc_gam_[a-z_]+) (.+)$/.exec(line);
    if (comment !== null) {
      if (comment[1] === 'TYPE') {
        expect(typed.has(comment[2] ?? '')).toBe(false);
        typed.add(comment[2] ?? '');
        expect(comment[3]).toBe('gauge');
      }
      continue;
    }
    const sample = /^(arc_gam_[a-z_]+)(\{(?:[a-z_]+="(?:[^"\\]|\\.)*",?)+\})? (-?[0-9.e+]+)$/.exec(line);
    expect(sample, line).not.toBeNull();
    expect(typed.has(sample?.[1] ?? ''), line).toBe(true);
    samples.set(`${sample?.[1]}${sample?.[2] ?? ''}`, Number(sample?.[3]));
  }
  return samples;
};

const metrics = async () => samplesOf((await database.ok(['metrics'])).stdout);

test('age, stale days, ignored rows, the last run and sizes, in the text format of Prometheus', async () => {
  const before = await metrics();
  expect(before.get('arc_gam_attention_count')).toBe(1);
  expect(before.has('arc_gam_days_behind')).toBe(false);
  expect([...before.keys()].some((name) => name.startsWith('arc_gam_last_run'))).toBe(false);
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, `${yesterday()}T10:00Z`);
  await addTap(database, 1, 9, `${yesterday()}T10:00Z`);
  await database.ok(['etl']);
  const after = await metrics();
  expect(after.get('arc_gam_attention_count')).toBe(0);
  expect(after.get('arc_gam_days_behind')).toBe(0);
  expect(after.get('arc_gam_as_of_timestamp_seconds')).toBe(Date.parse(`${yesterday()}T00:00Z`) / 1000);
  expect(after.get('arc_gam_ignored_rows{reason="unknown_user"}')).toBe(1);
  expect(after.get('arc_gam_last_run_state{state="done"}')).toBe(1);
  expect(after.get('arc_gam_last_run_taps')).toBe(1);
  expect(after.get('arc_gam_last_run_rows')).toBeGreaterThan(0);
  expect(after.get('arc_gam_table_bytes{table="user_day_activity"}')).toBeGreaterThan(0);
  expect(after.get('arc_gam_stale_days{reason="changed"}')).toBe(0);
  expect([...after.keys()].filter((name) => name.includes('version="1.'))).toHaveLength(1);
  await database.ok(['capture', 'on']);
  await addTap(database, 1, 2, `${yesterday()}T11:00Z`);
  const late = await metrics();
  expect(late.get('arc_gam_stale_days{reason="changed"}')).toBe(1);
  expect(late.get('arc_gam_attention_count')).toBe(1);
  expect(late.get('arc_gam_queued_changes')).toBeGreaterThan(0);
  expect(after.has('arc_gam_followed')).toBe(false);
  expect(late.get('arc_gam_followed')).toBe(0);
  expect(late.get('arc_gam_oldest_change_seconds')).toBeGreaterThan(0);
});

test('every number is its own: of the days, of the rows that count nowhere, of the last run', async () => {
  await addUsers(database, 1, 2);
  for (const day of [1, 2, 3, 4, 5]) await addTap(database, 1, 2, `2026-02-0${day}T10:00Z`);
  await database.client.query(
    "insert into public.taps (id1, id2, time) select id, null, '2026-02-01T11:00Z' from public.users limit 1",
  );
  for (const other of [1, 1, 9, 9, 9]) await addTap(database, 1, other, '2026-02-01T12:00Z');
  await database.ok(['etl', '--date', '2026-02-05']);
  const before = await metrics();
  expect(before.get('arc_gam_last_run_days')).toBe(5);
  expect(before.get('arc_gam_processed_days')).toBe(5);
  expect(before.get('arc_gam_run_lock_held')).toBe(0);
  await database.client.query(
    `delete from processed_day where day = '2026-02-03';
     insert into captured_day (day) values ('2026-02-01'), ('2026-02-02');
     update processed_day set steps_sha256 = 'others' where day <> '2026-02-01';
     insert into stale_mark (day, reason) select day, 'a test' from processed_day;
     update user_week_activity set last_updated_at = now() - interval '1 hour';
     select pg_advisory_lock(x'6167616d'::integer, hashtext('gamification'))`,
  );
  const after = await metrics();
  const numbers = {
    'stale_days{reason="missing"}': 1,
    'stale_days{reason="outdated"}': 3,
    'stale_days{reason="marked"}': 4,
    'ignored_rows{reason="null_id"}': 1,
    'ignored_rows{reason="self_tap"}': 2,
    'ignored_rows{reason="unknown_user"}': 3,
    captured_days: 2,
    run_lock_held: 1,
  };
  for (const [name, number] of Object.entries(numbers))
    expect([name, after.get(`arc_gam_${name}`)]).toEqual([name, number]);
  const age = after.get('arc_gam_seconds_since_write');
  expect(age).toBeGreaterThanOrEqual(3_600);
  expect(age).toBeLessThan(36_000);
});

test('a textfile is written in one piece, or a sentence says why not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'arc-gam-metrics-'));
  try {
    const path = join(folder, 'arc_gam.prom');
    expect((await database.ok(['metrics', '--file', path])).stdout).toBe('');
    expect(samplesOf(readFileSync(path, 'utf8')).get('arc_gam_pending_migrations')).toBe(0);
    expect(readdirSync(folder)).toEqual(['arc_gam.prom']);
    const refused = await database.cli(['metrics', '--file', join(folder, 'nowhere', 'x.prom')]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("can't be written");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('what status --json says is what is documented, neither more nor less', async () => {
  await addUsers(database, 1, 2);
  await addTap(database, 1, 2, `${yesterday()}T10:00Z`);
  await database.ok(['capture', 'on']);
  await database.ok(['etl']);
  await database.ok(['freeze', '--before', today]);
  const [status] = jsonLines((await database.ok(['status', '--json'])).stdout);
  const page = readFileSync(new URL('../../docs/operations.md', import.meta.url), 'utf8');
  const section = page.slice(page.indexOf('## status as JSON')).split('\n## ')[0] ?? '';
  const documented = [...section.matchAll(/^\| `([\w.[\]]+)` \|/gm)].map(([, name]) => name);
  const fields = (value: unknown, path: string): string[] => {
    if (Array.isArray(value)) return value.length === 0 ? [path] : fields(value[0], `${path}[]`);
    if (value === null || typeof value !== 'object') return [path];
    return Object.entries(value).flatMap(([name, inner]) =>
      fields(inner, path === '' ? name : `${path}.${name}`),
    );
  };
  const found = new Set(fields(status, ''));
  // A list may be empty here; then its documented fields count.
  for (const name of found) {
    expect(
      documented.some((other) => other === name || other?.startsWith(`${name}[]`)),
      name,
    ).toBe(true);
  }
  for (const name of documented) {
    const list = name?.split('[]')[0] ?? '';
    expect(found.has(name ?? '') || found.has(list), name).toBe(true);
  }
});

test('indexes that nobody reads are named with what they cost', async () => {
  await database.client.query('create index nobody_reads_me on user_day_activity (tap_count)');
  const { stdout } = await database.ok(['status', '--indexes']);
  expect(stdout).toMatch(/user_day_activity +nobody_reads_me +to read by +0/);
  expect(stdout).toMatch(/Nobody has read .*nobody_reads_me/);
  const [event] = jsonLines((await database.ok(['status', '--indexes', '--json'])).stdout);
  expect(event).toMatchObject({ event: 'indexes', indexes: expect.any(Array) });
});
