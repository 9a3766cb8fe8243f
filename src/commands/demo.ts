import { once } from 'node:events';
import type { Command } from 'commander';
import postgres from 'postgres';
import {
  type CommandFile,
  type CommonFlags,
  databaseFlags,
  daysFlag,
  type Invocation,
  portFlag,
  refuseFlags,
  wholeFlag,
  withCommonFlags,
} from '../command-line.js';
import { readSettings, type Settings } from '../config.js';
import { type Database, withDatabase } from '../db/database.js';
import { withTransaction } from '../db/transaction.js';
import { withClient } from '../demo/client.js';
import { loadCsv, tapsCsv, usersCsv } from '../demo/csv.js';
import { type EmbeddedServer, startEmbedded } from '../demo/embedded.js';
import { requireFreePort } from '../demo/port.js';
import { withProgressLines } from '../demo/progress.js';
import { usageFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { migrateUp } from '../migrate/migrate.js';
import { runPipeline } from '../pipeline/run.js';

interface DemoFlags extends CommonFlags {
  taps?: string;
  users?: string;
  usersCount: number;
  days: number;
  seed: number;
  keep?: string;
  serve?: boolean;
  live?: boolean;
  port: number;
}

/** The flags of a database are taken only to be refused: the demo makes one of its own. */
const withoutDatabaseFlags = (command: Command): Command => {
  for (const option of command.options) {
    if (databaseFlags.some((flag) => flag === option.attributeName())) option.hideHelp();
  }
  return command;
};

const describe = (command: Command): Command =>
  withoutDatabaseFlags(withCommonFlags(command))
    .description('compute the rollups of a made-up community (or of your CSV files) on an embedded Postgres')
    .option('--taps <file>', 'CSV, may be .gz: id,id1,id2,time,latitude,longitude')
    .option('--users <file>', 'CSV, may be .gz: id,name,home')
    .option('--users-count <n>', 'how many users to make up', wholeFlag(2, 1_000_000), 600)
    .option('--days <n>', 'how many days they tap, ending now', daysFlag, 180)
    .option('--seed <n>', 'another seed, another community', wholeFlag(0, 2_147_483_647), 1)
    .option('--serve', 'open the Community page on the result, until Ctrl-C')
    .option('--live', 'with --serve: people tap on, a few times a second, and the page follows')
    .option('--port <n>', 'with --serve: the port (0: any free one)', portFlag, 8080)
    .option(
      '--keep <dir>',
      'keep the data there and leave the server running; given again, the database in it is made anew',
    )
    .addHelpText(
      'after',
      `
Examples:
  arc-gam demo                                                 a community of 600 over 180 days
  arc-gam demo --users-count 5000 --days 365 --seed 7
  arc-gam demo --taps taps.csv.gz --users users.csv.gz         your own
  arc-gam demo --serve                                         the Community page of one of them
  arc-gam demo --serve --live                                  and it happens while you look
  arc-gam demo --keep /tmp/community                           look around with psql and arc-gam serve afterwards`,
    );

/** Runs `arc-gam demo`: the real migrate and backfill on a server of its own. */
const run = async (flags: DemoFlags, invocation: Invocation): Promise<void> => {
  const { reporter: given, signal, environment, err } = invocation;
  refuseFlags(invocation, databaseFlags, 'the demo makes a database of its own.');
  if (!flags.serve) refuseFlags(invocation, ['live'], 'it belongs to --serve.');
  if (!flags.serve && flags.keep === undefined) refuseFlags(invocation, ['port'], 'it belongs to --serve.');
  if (flags.taps !== undefined || flags.users !== undefined) {
    refuseFlags(invocation, ['usersCount', 'days', 'seed'], 'the files say who there is and when they tap.');
  }
  if ((flags.taps === undefined) !== (flags.users === undefined)) {
    throw usageFailure(
      '--taps and --users belong together: give both files, or neither for a made-up community.',
    );
  }
  if (flags.serve) await requireFreePort(pageHost, flags.port);
  const isWatched = flags.json || !flags.progress || err.isTTY === true;
  const reporter = isWatched ? given : withProgressLines(given, err);
  reporter.working('Starting an embedded Postgres');
  const server = await startEmbedded({
    ...(flags.keep === undefined ? {} : { directory: flags.keep }),
    settings: {
      synchronous_commit: 'off',
      fsync: flags.keep === undefined ? 'off' : 'on',
      shared_buffers: '256MB',
    },
  });
  let finished = false;
  let viewer: string | null = null;
  try {
    const url = await createCommunity(server, flags, signal, (text) => reporter.working(text));
    // Settings meant for a real database must not apply to the demo's.
    const settings = readSettings({ databaseUrl: url }, { ARC_GAM_TZ: environment.ARC_GAM_TZ });
    await withDatabase(settings, 'demo', signal, async (database) => {
      reporter.working('Migrating');
      await migrateUp(database, settings, { waitSeconds: 0, signal });
      const to = await lastTapDay(url, settings.zone ?? 'UTC');
      await runPipeline(
        database,
        settings,
        {
          command: 'backfill',
          to,
          signal,
        },
        reporter,
      );
      for (const { event, name, title, parameters } of views) {
        const rows = await withTransaction(
          database,
          settings,
          (session) => session.query(readPackageFile(`sql/demo/${name}.sql`), parameters),
          { readOnly: true },
        );
        await reporter.table(event, rows, `\n${title}`);
      }
      const goOn = async () => {
        if (!flags.live) {
          if (!signal.aborted) await once(signal, 'abort');
          return;
        }
        const { liveOn } = await import('../demo/live.js');
        await liveOn(database, settings, url, viewer, { reporter, signal });
      };
      viewer = await chooseViewer(settings, database, flags);
      if (flags.serve) await servePage(settings, viewer, flags, { reporter }, goOn);
    });
    finished = true;
    if (flags.keep !== undefined) {
      const page = pageAddress(`http://${pageHost}:${flags.port === 0 ? 8080 : flags.port}`, viewer);
      await reporter.table(
        'kept',
        flags.json ? [{ url, pid: server.pid, directory: server.directory, page }] : [],
        [
          '\nThe server keeps running.',
          `Connect: psql '${url}'   Then: set search_path = gamification;`,
          `The Community page: arc-gam serve --port ${flags.port === 0 ? 8080 : flags.port} --database-url '${url}'`,
          `  and then ${page}`,
          `Stop it: kill ${server.pid}\n`,
        ].join('\n'),
      );
    }
  } finally {
    reporter.close();
    if (!finished || flags.keep === undefined) await server.stop();
  }
};

/** The page is served to this machine only, because its requests are not authenticated. */
const pageHost = '127.0.0.1';

const pageAddress = (server: string, viewer: string | null): string =>
  viewer === null ? `${server}/` : `${server}/?user_id=${viewer}`;

/**
 * The user whose page is shown: the one of the story, or with CSV files the most active one lately; null if nobody
 * tapped.
 */
const chooseViewer = async (
  settings: Settings,
  database: Database,
  flags: DemoFlags,
): Promise<string | null> => {
  const seed = flags.taps === undefined && hasStory(flags) ? flags.seed : null;
  const [viewer] = await withTransaction(
    database,
    settings,
    (session) => session.query<{ user_id: string }>(readPackageFile('sql/demo/viewer.sql'), [seed]),
    { readOnly: true },
  );
  return viewer?.user_id ?? null;
};

/** The story has too many people for a smaller community. */
const hasStory = ({ usersCount }: DemoFlags): boolean => usersCount >= 40;

/** Serves the Community page until `goOn` resolves, which a signal makes it do. */
const servePage = async (
  settings: Settings,
  viewer: string | null,
  flags: DemoFlags,
  { reporter }: Pick<Invocation, 'reporter'>,
  goOn: () => Promise<void>,
): Promise<void> => {
  const [{ startServer }, { readServeSettings }] = await Promise.all([
    import('../serve/server.js'),
    import('../serve/settings.js'),
  ]);
  const server = await startServer(settings, readServeSettings({}), { host: pageHost, port: flags.port });
  const url = pageAddress(server.url, viewer);
  await reporter.table('page', flags.json ? [{ url }] : [], `\nThe Community page: ${url}\nCtrl-C ends it.`);
  try {
    await goOn();
  } finally {
    await server.stop();
  }
};

const views = [
  { event: 'totals', name: 'totals', title: 'Totals', parameters: [] },
  {
    event: 'connectors_board',
    name: 'board',
    title: "This week's connectors (new connections)",
    parameters: ['connectors'],
  },
  {
    event: 'builders_board',
    name: 'board',
    title: "This week's builders (new friends of friends)",
    parameters: ['builders'],
  },
  { event: 'streak_board', name: 'board', title: "This week's streaks (days)", parameters: ['streak'] },
  { event: 'longest_streaks', name: 'streaks', title: 'Longest streaks', parameters: [] },
  { event: 'strongest_ties', name: 'ties', title: 'Strongest ties', parameters: [] },
] as const;

/** Makes the database `community` anew and fills the application's two tables. Returns its URL. */
const createCommunity = async (
  server: EmbeddedServer,
  flags: DemoFlags,
  signal: AbortSignal,
  working: (what: string) => void,
): Promise<string> => {
  await withClient(server.url, signal, async (admin) => {
    // Of a demo that was killed the server may still be making the database: it lets the lock go when it has.
    await admin.query("select pg_advisory_lock(hashtext('arc-gam demo'))");
    await admin.query('drop database if exists community with (force)');
    await admin.query('create database community');
  });
  const url = new URL(server.url);
  url.pathname = '/community';
  await withClient(url.href, signal, async (client) => {
    await client.query("begin; set local timezone = 'UTC'");
    await client.query(readPackageFile('sql/demo/tables.sql'));
    if (flags.taps !== undefined && flags.users !== undefined) {
      await loadCsv(client, flags.users, usersCsv, (rows) => working(`Loading users: ${rows}`));
      await loadCsv(client, flags.taps, tapsCsv, (rows) => working(`Loading taps: ${rows}`));
    } else {
      working(`Making up ${flags.usersCount} users and ${flags.days} days of taps`);
      const { rows } = await client.query<{ day: string; now_at: string }>(
        "select ((now() at time zone 'UTC')::date - 1)::text as day, now()::text as now_at",
      );
      await client.query(readPackageFile('sql/demo/users.sql'), [flags.usersCount, flags.seed]);
      await client.query(readPackageFile('sql/demo/taps.sql'), [
        flags.usersCount,
        flags.days,
        flags.seed,
        rows[0]?.day,
      ]);
      if (hasStory(flags)) {
        await client.query(readPackageFile('sql/demo/story.sql'), [
          flags.usersCount,
          flags.days,
          flags.seed,
          rows[0]?.now_at,
        ]);
      }
    }
    await client.query('commit; analyze public.users; analyze public.taps');
  });
  return url.href;
};

/** The as-of day of the demo: the day of the last tap. For a made-up community that is today. */
const lastTapDay = async (url: string, zone: string): Promise<string | null> => {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    const [last] = await sql.unsafe<{ day: string | null }[]>(readPackageFile('sql/demo/last_day.sql'), [
      zone,
    ]);
    return last?.day ?? null;
  } finally {
    await sql.end({ timeout: 1 });
  }
};

export const command: CommandFile = { group: 'To try it:', describe, run };
