import pg from 'pg';
import { captureOff, captureOn } from '../../src/capture/capture.js';
import { spreadFigures, withFigures } from '../../src/citus/quiet.js';
import { readSettings, type Settings } from '../../src/config.js';
import { type Database, withDatabase } from '../../src/db/database.js';
import { moveTables } from '../../src/distribute/distribute.js';
import { Failure } from '../../src/errors.js';
import { migrateUp } from '../../src/migrate/migrate.js';
import { type FreezeOptions, freeze, thaw } from '../../src/pipeline/freeze.js';
import { loadSteps } from '../../src/pipeline/order.js';
import { addDays, type Day, dayRanges } from '../../src/pipeline/plan.js';
import type { RunRequest, Wishes } from '../../src/pipeline/request.js';
import { runPipeline } from '../../src/pipeline/run.js';
import type { Step } from '../../src/pipeline/step.js';
import type { Reporter } from '../../src/report/reporter.js';
import { copyToPlain, plainSource, spreadTables } from '../citus/spread.js';
import { allFigures, differencesOf } from '../figures/figures.js';
import { dayCount, firstDay, homes, type Operation, places, type Story, userCount } from './story.js';

/** A story that ended with tables unlike a rebuild's: what differed, after which operation. */
export class Disproof extends Error {}

/** Tells nobody. */
export const quiet: Reporter = {
  working: () => undefined,
  plan: () => undefined,
  batchStarted: () => undefined,
  stepStarted: () => undefined,
  batchEnded: () => undefined,
  retrying: () => undefined,
  notice: () => undefined,
  ended: async () => undefined,
  runOpened: () => undefined,
  changedRow: async () => undefined,
  table: async () => undefined,
  say: () => undefined,
  failed: () => undefined,
  close: () => undefined,
};

const userId = (number: number): string => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;

const schemas = { lived: 'gamification', rebuilt: 'rebuilt' } as const;

/** The rebuilt schema reads what is counted, the living one what the application has. */
const tapsOf = (schema: string): NodeJS.ProcessEnv =>
  schema === schemas.rebuilt ? { ARC_GAM_TAPS_TABLE: 'public.counted_taps' } : {};

/** What a schema is told: where the taps are spread over a cluster, the rebuilt one reads copies that are not. */
const settingsOf = (url: string, schema: string, zone: string | undefined, isSpread: boolean): Settings =>
  readSettings(
    { databaseUrl: url, schema },
    {
      ...(zone === undefined ? {} : { ARC_GAM_TZ: zone }),
      ...(isSpread && schema === schemas.rebuilt ? plainSource : isSpread ? {} : tapsOf(schema)),
    },
  );

/**
 * Makes the database that every story starts from: the application's empty tables and both schemas, migrated. With
 * isSpread the application is on a cluster, with isDistributed the living schema's tables as well.
 */
export const prepareTemplate = async (
  url: string,
  { isSpread = false, isDistributed = false } = {},
): Promise<void> => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  if (isSpread) for (const statement of spreadTables) await client.query(statement);
  else
    await client.query(`
    create table public.users (id uuid primary key, name text, home text);
    create table public.taps (
      id bigint generated always as identity primary key, id1 uuid, id2 uuid, time timestamptz,
      latitude double precision, longitude double precision
    );
    create index taps_time on public.taps (time);
    -- What the living schema counts: of frozen days the taps as they were when they were frozen, whatever became of
    -- them.
    create table public.frozen_taps (like public.taps);
    create table public.border (frozen_before timestamptz);
    insert into public.border values (null);
    create view public.counted_taps as
      select * from public.frozen_taps
      union all
      select taps.*
      from public.taps
      cross join public.border
      where (taps.time < border.frozen_before) is not true;`);
  await client.end();
  for (const schema of Object.values(schemas)) {
    const settings = settingsOf(url, schema, undefined, isSpread);
    await withDatabase(settings, 'prove', undefined, (database) =>
      migrateUp(database, settings, { waitSeconds: 0 }),
    );
  }
  if (!isDistributed) return;
  const lived = settingsOf(url, schemas.lived, undefined, isSpread);
  await withDatabase(lived, 'prove', undefined, (database) =>
    moveTables(database, lived, {
      command: 'distribute',
      undo: false,
      waitSeconds: 0,
      signal: new AbortController().signal,
      onWait: () => undefined,
      onTable: () => undefined,
    }),
  );
};

/**
 * Lives through a story on a copy of the template. After every run the tables must equal a rebuild from nothing over
 * the same P. Throws a Disproof. `steps` are those of the living schema: a mutation, or the real ones.
 */
export const live = async (
  url: string,
  story: Story,
  { steps, isSpread = false }: { steps?: readonly Step[] | undefined; isSpread?: boolean } = {},
): Promise<void> => {
  await withWorld(url, story.zone, { steps, isSpread }, async (world) => {
    for (const [index, operation] of story.operations.entries()) {
      await world.happen(operation);
      if (world.hasRun) await world.compare(`operation ${index + 1} (${operation.kind})`);
    }
    await world.happen({ kind: 'etl', advance: 1, batchDays: null });
    await world.compare('the last etl');
  });
};

/**
 * Lives through a story with the steps of an older version, which may be wrong, and then through one night with the
 * package's own: the tables must equal a rebuild. Throws a Disproof. Nothing is frozen, for what is frozen keeps what
 * the older version counted.
 */
export const liveThroughUpgrade = async (
  url: string,
  story: Story,
  older: readonly Step[],
): Promise<void> => {
  await withWorld(url, story.zone, { steps: older }, async (world) => {
    for (const operation of story.operations) {
      if (['freeze', 'archive', 'thaw'].includes(operation.kind)) continue;
      // An older version may fail at what it made itself.
      await world.happen(operation).catch((error: unknown) => {
        if (!(error instanceof Failure)) throw error;
      });
    }
    world.upgrade();
    await world.happen({ kind: 'etl', advance: 1, batchDays: null });
    await world.requireRebuilt('the upgrade');
  });
};

/** Opens a copy of the template, with its users, for a story whose days are counted from `first`. */
export const withWorld = async (
  url: string,
  zone: string,
  {
    steps,
    first,
    isSpread = false,
  }: { steps?: readonly Step[] | undefined; first?: Day; isSpread?: boolean },
  use: (world: World, client: pg.Client) => Promise<void>,
): Promise<void> => {
  const lived = settingsOf(url, schemas.lived, zone, isSpread);
  const rebuilt = settingsOf(url, schemas.rebuilt, zone, isSpread);
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("set timezone = 'UTC'");
    await client.query(
      `insert into public.users (id, name)
       select ('00000000-0000-4000-8000-' || lpad(number::text, 12, '0'))::uuid, 'u' || number
       from generate_series(0, ${userCount - 2}) as n (number)`,
    );
    await withDatabase(lived, 'prove', undefined, (database) =>
      use(new World(database, client, lived, rebuilt, { steps, first, isSpread }), client),
    );
  } finally {
    await client.end();
  }
};

/** The application and arc-gam's two schemas, of which one lives and the other is rebuilt to compare it with. */
export class World {
  hasRun = false;
  private asOf = 0;
  /** The first day that is not frozen; null: none is. */
  private frozenBefore: Day | null = null;
  private last: Partial<RunRequest> = {};
  private steps: readonly Step[] | undefined;
  private readonly first: Day;
  /** Whether the taps are spread over a cluster: then nothing captures, and the rebuild reads copies. */
  private readonly isSpread: boolean;

  constructor(
    private readonly database: Database,
    private readonly client: pg.Client,
    private readonly lived: Settings,
    private readonly rebuilt: Settings,
    {
      steps,
      first = firstDay,
      isSpread = false,
    }: { steps?: readonly Step[] | undefined; first?: Day | undefined; isSpread?: boolean } = {},
  ) {
    this.steps = steps;
    this.first = first;
    this.isSpread = isSpread;
  }

  async happen(operation: Operation): Promise<void> {
    if (process.env.PROVE_LOG) process.stderr.write(`${JSON.stringify(operation)}\n`);
    this.hasRun = false;
    switch (operation.kind) {
      case 'taps':
        for (const { one, other, day, minute, place } of operation.taps) {
          const [latitude, longitude] = places[place] ?? [null, null];
          await this.client.query(
            "insert into public.taps (id1, id2, time, latitude, longitude) values ($1, $2, $3::date + $4 * interval '1 minute', $5, $6)",
            [userId(one), userId(other), addDays(this.first, day), minute, latitude, longitude],
          );
        }
        return;
      case 'edit':
        return this.edit(operation.tap, operation.field, operation.value);
      case 'delete':
        await this.client.query('delete from public.taps where id = any ($1::bigint[])', [
          await this.pickTaps(operation.tap, operation.count),
        ]);
        return;
      case 'erase':
        await this.client.query('delete from public.users where id = $1', [userId(operation.user)]);
        if (operation.withTaps) {
          await this.client.query('delete from public.taps where $1 in (id1, id2)', [userId(operation.user)]);
        }
        return;
      case 'add user':
        await this.client.query(
          'insert into public.users (id, name) values ($1, $2) on conflict (id) do nothing',
          [userId(operation.user), `u${operation.user}`],
        );
        return;
      case 'home':
        await this.client.query('update public.users set home = $2 where id = $1', [
          userId(operation.user),
          homes[operation.home],
        ]);
        return;
      case 'quest':
        return this.changeQuest(operation.quest, operation.change);
      case 'etl':
        this.asOf = Math.min(dayCount + 100, this.asOf + operation.advance);
        return this.run({ to: addDays(this.first, this.asOf), always: true, batchDays: operation.batchDays });
      case 'etl before':
        return this.run({ to: addDays(this.first, Math.max(0, this.asOf - operation.back)), always: true });
      case 'backfill': {
        const last = operation.from + operation.days;
        this.asOf = Math.max(this.asOf, last);
        return this.run({
          from: addDays(this.first, operation.from),
          to: addDays(this.first, last),
          batchDays: operation.batchDays,
        });
      }
      case 'stopped run':
        return this.stoppedRun(operation.advance, operation.afterSteps);
      case 'cut connection':
        return this.cutConnection(operation.advance, operation.afterSteps);
      case 'freeze':
        // Refused there, as capture is.
        if (this.isSpread) return;
        return this.freeze(addDays(this.first, this.asOf - operation.back));
      case 'archive':
        if (this.isSpread) return;
        await this.client.query(
          'delete from public.taps using public.border where taps.time < border.frozen_before and taps.id % 3 < $1',
          [operation.share],
        );
        return;
      case 'thaw':
        if (this.isSpread) return;
        return this.thaw(operation.restore, operation.force);
      case 'capture':
        if (this.isSpread) return;
        if (operation.on) await captureOn(this.database, this.lived, { waitSeconds: 0 });
        else await captureOff(this.database, this.lived, { waitSeconds: 0 });
    }
  }

  /**
   * From here on the package's own steps run. What a dry run says is not held against the run: what is derived again
   * for an upgrade may be written twice in it.
   */
  upgrade(): void {
    this.steps = loadSteps();
  }

  /**
   * Every table of figures, both ways, against a rebuild of the same days; and a second run that must write nothing.
   */
  async compare(when: string): Promise<void> {
    await this.requireRebuilt(when);
    await this.requireSilence(when);
  }

  /** Every table of figures, both ways, against a rebuild of the same days; and what is frozen, against its digests. */
  async requireRebuilt(when: string): Promise<void> {
    await this.rebuild();
    const wrong = await differencesOf(
      this.client,
      schemas.lived,
      schemas.rebuilt,
      this.frozenBefore ?? undefined,
    );
    if (wrong.length > 0) throw new Disproof(`After ${when}:\n${wrong.join('\n')}`);
    // Nothing is frozen on a cluster.
    if (this.isSpread) {
      await this.requireBesideUsers(when);
      return;
    }
    const { rows } = await this.client.query<{ day: string }>(
      `(select * from ${schemas.lived}.frozen_digest)
       except
       (select day, pair_day_digest, pair_day_tap_digest, frozen_cell_digest from ${schemas.lived}.frozen_day)`,
    );
    if (rows.length > 0)
      throw new Disproof(`After ${when}: ${rows.length} frozen days are not as they were sealed.`);
  }

  /** Where figures are spread: each row in the shard of its user, and facts of two users with both. */
  private async requireBesideUsers(when: string): Promise<void> {
    if ((await spreadFigures(this.database, this.lived)).length === 0) return;
    const misplaced = await withFigures(this.database, this.lived, (session) =>
      session.query<{ key: string }>('select key from misplaced_row limit 5'),
    );
    if (misplaced.length > 0)
      throw new Disproof(`After ${when}:\n${misplaced.map(({ key }) => key).join('\n')}`);
  }

  private async freeze(before: Day): Promise<void> {
    // What is frozen has to be true: mostly it is not, before a run.
    await this.run({ to: addDays(this.first, this.asOf), always: true });
    try {
      const { dayCount: frozen } = await freeze(this.database, this.lived, before, this.freezing);
      if (frozen === 0) return;
    } catch (error) {
      // Days that are stale or missing, or none at all: nothing happens.
      if (error instanceof Failure && /as the source says|nothing to freeze/.test(error.message)) return;
      throw error;
    }
    await this.client.query(
      `insert into public.frozen_taps
       select taps.* from public.taps
       cross join public.border
       join public.users as user1 on user1.id = taps.id1
       join public.users as user2 on user2.id = taps.id2
       where taps.time < $1::timestamp at time zone $2
         and taps.id1 <> taps.id2
         and (border.frozen_before is null or taps.time >= border.frozen_before)`,
      [before, this.lived.zone],
    );
    await this.client.query('update public.border set frozen_before = $1::timestamp at time zone $2', [
      before,
      this.lived.zone,
    ]);
    this.frozenBefore = before;
  }

  private async thaw(restore: boolean, force: boolean): Promise<void> {
    if (restore)
      await this.client.query(
        `insert into public.taps overriding system value
         select * from public.frozen_taps where id not in (select id from public.taps)`,
      );
    try {
      await thaw(this.database, this.lived, { from: null, force }, this.freezing);
    } catch (error) {
      if (error instanceof Failure && error.message.includes('not in the source')) return;
      throw error;
    }
    await this.client.query('truncate public.frozen_taps; update public.border set frozen_before = null');
    this.frozenBefore = null;
  }

  private get freezing(): FreezeOptions {
    const nothing = () => undefined;
    return {
      command: 'prove',
      dryRun: false,
      waitSeconds: 5,
      signal: new AbortController().signal,
      onWait: nothing,
      onWork: nothing,
    };
  }

  /** Whoever was erased from frozen days does not come back to them. */
  private async forgetErased(): Promise<void> {
    if (this.isSpread) return;
    await this.client.query(
      `delete from public.frozen_taps
       where (id1 not in (select id from public.users) or id2 not in (select id from public.users))
         and not exists (
           select 1
           from ${schemas.lived}.pair_day
           join ${schemas.lived}.user_key as key1 on key1.user_key = pair_day.u1_key
           join ${schemas.lived}.user_key as key2 on key2.user_key = pair_day.u2_key
           where pair_day.day = (frozen_taps.time at time zone $1)::date
             and key1.user_id = least(frozen_taps.id1, frozen_taps.id2)
             and key2.user_id = greatest(frozen_taps.id1, frozen_taps.id2)
         )`,
      [this.lived.zone],
    );
  }

  private async edit(tap: number, field: 'time' | 'id1' | 'id2' | 'place', value: number): Promise<void> {
    const [latitude, longitude] = places[value % places.length] ?? [null, null];
    const change = {
      time: [
        "time = $2::date + $3 * interval '1 minute'",
        [addDays(this.first, value % dayCount), value % 1440],
      ],
      id1: ['id1 = $2', [userId(value % userCount)]],
      id2: ['id2 = $2', [value % 50 === 0 ? null : userId(value % userCount)]],
      place: ['latitude = $2, longitude = $3', [latitude, longitude]],
    } as const;
    const [assignment, values] = change[field];
    await this.client.query(`update public.taps set ${assignment} where id = any ($1::bigint[])`, [
      await this.pickTaps(tap, 1),
      ...values,
    ]);
  }

  /** Ids of so many taps from the given one on, which is taken modulo how many there are. */
  private async pickTaps(tap: number, count: number): Promise<string[]> {
    const { rows } = await this.client.query<{ id: string }>('select id from public.taps order by id');
    const first = tap % Math.max(1, rows.length);
    return rows.slice(first, first + count).map(({ id }) => id);
  }

  /** Operators change definitions in both schemas alike. */
  private async changeQuest(quest: number, change: string): Promise<void> {
    const { rows } = await this.client.query("select to_regclass('gamification.quest_definitions') as found");
    if (rows[0].found === null) return;
    const set =
      {
        target: `requirements = jsonb_set(requirements, '{target}', to_jsonb(1 + (requirements ->> 'target')::int % 5))`,
        window: `requirements = jsonb_set(requirements, '{window}', '"week"')`,
        retire: `active_until = '2024-12-02'`,
        revive: `active_until = null, is_active = true`,
        pause: 'is_active = not is_active',
      }[change] ?? 'title = title';
    for (const schema of Object.values(schemas)) {
      await this.client.query(
        `update ${schema}.quest_definitions set ${set}
         where slug = (select slug from ${schema}.quest_definitions order by slug offset $1 limit 1)`,
        [quest],
      );
    }
  }

  private request(given: Partial<RunRequest>): Wishes {
    return { command: 'prove', waitSeconds: 5, ...given };
  }

  /** A run, and before it what a dry run says that it would change: that must be what it changes. */
  private async run(given: Partial<RunRequest>, reporter: Reporter = quiet): Promise<void> {
    const isWhole = reporter === quiet && this.steps === undefined;
    await this.copyTables();
    let promised: Map<string, string> | null = null;
    try {
      if (isWhole) promised = await this.rehearse(given);
      const steps = this.steps === undefined ? {} : { steps: this.steps };
      await runPipeline(this.database, this.lived, this.request({ ...given, ...steps }), reporter);
    } catch (error) {
      await this.forgetErased();
      // Whoever asks for a day before the first tap, or for a frozen one, is told so, and nothing happens.
      if (error instanceof Failure && /is before the first tap|is frozen, as are/.test(error.message)) return;
      throw error;
    }
    await this.forgetErased();
    const { signal: _, ...repeatable } = given;
    this.last = repeatable;
    this.hasRun = true;
    if (promised !== null) await this.requirePromised(promised);
  }

  /** Rows that a dry run says it would insert, update and delete, by table. */
  private async rehearse(given: Partial<RunRequest>): Promise<Map<string, string>> {
    const promised = new Map<string, string>();
    const reporter: Reporter = {
      ...quiet,
      table: async (name, rows) => {
        if (name !== 'difference') return;
        for (const { table, inserted, updated, deleted } of rows)
          promised.set(String(table), `${inserted} inserted, ${updated} updated, ${deleted} deleted`);
      },
    };
    await runPipeline(this.database, this.lived, this.request({ ...given, dryRun: true }), reporter);
    return promised;
  }

  private async copyTables(): Promise<void> {
    await this.client.query('drop schema if exists before cascade; create schema before');
    for (const { table } of await allFigures(this.client, schemas.lived))
      await this.client.query(`create table before.${table} as table ${schemas.lived}.${table}`);
  }

  /** Read as users: one who goes in one batch and comes again in the next has another private number. */
  private async requirePromised(promised: ReadonlyMap<string, string>): Promise<void> {
    for (const { table, of, keys, columns } of await allFigures(this.client, schemas.lived)) {
      const key = table === 'user_key' ? 'user_id' : keys.join(', ');
      // A day that is derived by other steps is another row, whatever its figures.
      const whole = (schema: string) =>
        columns.includes('steps_sha256')
          ? of(schema).replace('select ', 'select compared.steps_sha256, ')
          : of(schema);
      const before = whole('before').replaceAll('before.friend_entry', `${schemas.lived}.friend_entry`);
      const after = whole(schemas.lived);
      const { rows } = await this.client.query<{ counts: string }>(
        `select format('%s inserted, %s updated, %s deleted',
           count(*) filter (where not was_there), count(*) filter (where was_there and is_there), count(*) filter (where not is_there)) as counts
         from (
           select bool_or(is_old) as was_there, not bool_and(is_old) as is_there
           from (
             (select *, true as is_old from (${before}) as one except select *, true from (${after}) as other)
             union all
             (select *, false from (${after}) as one except select *, false from (${before}) as other)
           ) as unlike
           group by ${key}
         ) as changed`,
      );
      const changed = rows[0]?.counts;
      if (promised.get(table) !== changed)
        throw new Disproof(`${table}: a dry run said ${promised.get(table)}, the run did ${changed}.`);
    }
  }

  private async stoppedRun(advance: number, afterSteps: number): Promise<void> {
    const stop = new AbortController();
    let steps = 0;
    const reporter = {
      ...quiet,
      stepStarted: () => {
        steps += 1;
        if (steps === afterSteps) stop.abort(new Error('stopped'));
      },
    };
    const asOf = this.asOf + advance;
    try {
      await this.run(
        { to: addDays(this.first, asOf), always: true, batchDays: 3, signal: stop.signal },
        reporter,
      );
      this.asOf = asOf;
    } catch (error) {
      if (!stop.signal.aborted) throw error;
      const { rows } = await this.client.query<{ day: string | null }>(
        `select max(day)::text as day from ${schemas.lived}.processed_day`,
      );
      const last = rows[0]?.day;
      if (last)
        this.asOf = Math.max(this.asOf, Math.round((Date.parse(last) - Date.parse(this.first)) / 86_400_000));
    }
  }

  private async cutConnection(advance: number, afterSteps: number): Promise<void> {
    let steps = 0;
    const cuts: Promise<unknown>[] = [];
    const reporter = {
      ...quiet,
      stepStarted: () => {
        steps += 1;
        if (steps !== afterSteps) return;
        cuts.push(
          this.client.query(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and backend_xmin is not null and application_name like 'arc-gam%'",
          ),
        );
      },
    };
    this.asOf += advance;
    await this.run({ to: addDays(this.first, this.asOf), always: true, batchDays: 5 }, reporter);
    await Promise.all(cuts);
  }

  private async rebuild(): Promise<void> {
    if (this.isSpread) await copyToPlain(this.client);
    const { rows } = await this.client.query<{ day: Day }>(
      `select day::text as day from ${schemas.lived}.processed_day order by 1`,
    );
    const ranges = dayRanges(rows.map(({ day }) => day));
    // With no day at all there is still what does not hang on days, such as the quests' rules.
    if (ranges.length === 0)
      await runPipeline(this.database, this.rebuilt, this.request({ rebuild: true }), quiet);
    for (const [index, { from, to }] of ranges.entries()) {
      await runPipeline(this.database, this.rebuilt, this.request({ from, to, rebuild: index === 0 }), quiet);
    }
  }

  /** A second run over unchanged source writes no row in any table of ours: seen in xmin, not in our own report. */
  private async requireSilence(when: string): Promise<void> {
    const { rows } = await this.client.query<{ id: string }>('select pg_current_xact_id()::text as id');
    await this.run(this.last);
    const { rows: tables } = await this.client.query<{ name: string }>(
      "select tablename as name from pg_tables where schemaname = $1 and tablename !~ '^gazetteer'",
      [schemas.lived],
    );
    for (const { name } of tables) {
      const { rows: written } = await this.client.query(
        `select 1 from ${schemas.lived}.${name} where xmin::text::bigint >= $1::bigint limit 1`,
        [rows[0]?.id],
      );
      if (written.length > 0) throw new Disproof(`After ${when}: a second run wrote to ${name}.`);
    }
  }
}
