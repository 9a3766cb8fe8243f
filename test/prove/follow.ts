import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { addDays } from '../../src/pipeline/plan.js';
import { runCli, startCli } from '../command/cli.js';
import { dayCount, type Operation, type Story } from './story.js';
import { Disproof, withWorld } from './world.js';

/**
 * How many of the story's days are still to come when it begins: some taps are of the future, as with a wrong clock.
 */
const futureDays = 10;

const longestWaitMs = 120_000;

/**
 * Lives through a story beside a follower, a process of its own that is killed and started again. What would be a run
 * in the story is something that happens to the follower, or a pause: once nothing waits any more, every table must
 * equal a rebuild. `throughUrl` is the follower's way to the database. Throws a Disproof.
 */
export const liveBesideFollower = (url: string, story: Story, throughUrl = url): Promise<void> => {
  const today = new Date().toISOString().slice(0, 10);
  const first = addDays(today, futureDays - dayCount);
  return withWorld(url, story.zone, { first }, async (world, client) => {
    const environment = { DATABASE_URL: throughUrl, ARC_GAM_TZ: story.zone };
    const capture = await runCli(['capture', 'on'], environment);
    if (capture.code !== 0) throw new Error(capture.stderr);
    const follower = new Follower(environment, client);
    follower.start();
    try {
      for (const [index, operation] of story.operations.entries()) {
        const isPause = await happenBeside(follower, world.happen.bind(world), client, operation);
        if (isPause) await pause(index, operation);
      }
      await pause(story.operations.length, { kind: 'etl', advance: 0, batchDays: null });
      await follower.end();
    } finally {
      await follower.kill();
    }

    async function pause(index: number, { kind }: Operation): Promise<void> {
      const when = `operation ${index + 1} (${kind}), beside a follower`;
      await follower.untilNothingWaits(when);
      await world.requireRebuilt(when);
    }
  });
};

/** Lets an operation happen; returns whether the history pauses after it. */
const happenBeside = async (
  follower: Follower,
  happen: (operation: Operation) => Promise<void>,
  client: pg.Client,
  operation: Operation,
): Promise<boolean> => {
  switch (operation.kind) {
    case 'etl':
      // A short pause lets a cycle begin that the next operation falls into.
      if (operation.advance > 2) await sleep(operation.advance * 40);
      return operation.advance <= 2;
    case 'backfill':
    case 'etl before':
      await follower.besideRun(operation.kind === 'backfill' ? ['backfill'] : ['etl']);
      return false;
    case 'stopped run':
      await sleep(operation.afterSteps * 20);
      await follower.kill();
      if (operation.advance > 4) await sleep(operation.advance * 50);
      follower.start();
      return false;
    case 'cut connection':
      await client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and application_name like 'arc-gam follow%'",
      );
      return false;
    case 'capture':
      // Switched off, it would end the follower. What cuts deepest instead: every tap is gone, or written again.
      await client.query(operation.on ? 'update public.taps set time = time' : 'truncate public.taps');
      return false;
    case 'freeze':
    case 'archive':
    case 'thaw':
      // When a follower erases somebody is not for the story to say, and whoever comes back is not on frozen days
      // again.
      return false;
    default:
      await happen(operation);
      if (operation.kind === 'home') follower.homesChanged();
      return false;
  }
};

/** `arc-gam follow` as a process. */
class Follower {
  private process: ReturnType<typeof startCli> | null = null;
  private haveHomesChanged = false;

  constructor(
    private readonly environment: Readonly<Record<string, string>>,
    private readonly client: pg.Client,
  ) {}

  start(): void {
    this.process = startCli(['follow', '--every', '100ms', '--json'], this.environment);
  }

  async kill(): Promise<void> {
    this.process?.child.kill('SIGKILL');
    await this.process?.ended;
    this.process = null;
  }

  async end(): Promise<void> {
    this.process?.child.kill('SIGTERM');
    const result = await this.process?.ended;
    this.process = null;
    if (result?.code !== 0)
      throw new Disproof(`SIGTERM ended the follower with ${result?.code}: ${result?.stdout}`);
  }

  /** A run in between gets its turn. */
  async besideRun(args: readonly string[]): Promise<void> {
    const { code, stderr } = await runCli(args, this.environment);
    if (code !== 0)
      throw new Disproof(`arc-gam ${args.join(' ')} beside a follower ended with ${code}: ${stderr}`);
  }

  /** Homes are not captured: they are looked at every five minutes, which a story has no time for. */
  homesChanged(): void {
    this.haveHomesChanged = true;
  }

  async untilNothingWaits(when: string): Promise<void> {
    if (this.haveHomesChanged) await this.besideRun(['follow', '--once']);
    this.haveHomesChanged = false;
    const begun = performance.now();
    for (;;) {
      const { exitCode } = this.process?.child ?? { exitCode: 0 };
      if (exitCode !== null) {
        const result = await this.process?.ended;
        throw new Disproof(`Before ${when}: the follower ended with ${exitCode}: ${result?.stdout}`);
      }
      const { rows } = await this.client.query<{ is_quiet: boolean }>(nothingWaits, [
        this.environment.ARC_GAM_TZ,
      ]);
      if (rows[0]?.is_quiet) return;
      if (performance.now() - begun > longestWaitMs)
        throw new Disproof(
          `Before ${when}: changes waited for ${longestWaitMs / 1000} s, and nobody counted them.`,
        );
      await sleep(50);
    }
  }
}

/**
 * Every change of today or earlier is counted, and nobody is at it; or there is nothing to count, as long as every tap
 * is of a day to come and none was before. $1 the zone.
 */
const nothingWaits = `
  select (
      not exists (select 1 from gamification.processed_day)
      and not exists (select 1 from gamification.classified_tap where ignored_because is null and (tapped_at at time zone $1)::date <= (now() at time zone $1)::date)
      and exists (select 1 from gamification.classified_tap where ignored_because is null)
    ) or (
    not exists (select 1 from gamification.change_queue)
    and not exists (select 1 from gamification.captured_day where day <= (now() at time zone $1)::date)
    and not exists (
      select 1
      from gamification.quest_rule
      full join gamification.quest_derived using (quest_id)
      where quest_derived.digest is distinct from quest_rule.digest
    )
    and not exists (
      select 1
      from pg_locks
      where locktype = 'advisory'
        and database = (select oid from pg_database where datname = current_database())
        and objid = (hashtext('gamification')::bigint & 4294967295)::oid
    )
    -- The day that runs is counted also where no tap is left.
    and coalesce((select max(day) from gamification.processed_day) = (now() at time zone $1)::date, false)
    ) as is_quiet`;
