import type { Command } from 'commander';
import kleur from 'kleur';
import type { Verified } from '../citus/verified.js';
import { type CommandFile, type CommonFlags, type Invocation, withCommonFlags } from '../command-line.js';
import { readSettings } from '../config.js';
import { withDatabase } from '../db/database.js';
import { type ExitCode, exitCode } from '../errors.js';
import { requireMigratedSchema } from '../migrate/migrations.js';
import type { Frozen } from '../pipeline/frozen.js';
import { formatBytes, formatCount, formatDuration, formatTable, plural } from '../report/format.js';
import type { Reporter } from '../report/reporter.js';
import { type IndexRow, type Live, readIndexes, readStatus, type Status } from '../status/status.js';
import { describeTarget } from '../target.js';

const describe = (command: Command): Command =>
  withCommonFlags(command)
    .option('--indexes', 'the indexes instead: how often each was read, and its size')
    .description('how things stand, on one screen: freshness, runs, sizes, and what to run next')
    .addHelpText(
      'after',
      `
Examples:
  arc-gam status             for a person
  arc-gam status --json      for a monitor: one object; its fields are in docs/operations.md
  arc-gam status --indexes   which indexes nobody reads, and what they cost

Exit codes: 0 all is well, 3 something wants attention, 5 database unreachable`,
    );

interface StatusFlags extends CommonFlags {
  indexes?: boolean;
}

/** Returns exit code 3 if something needs attention. Only reads. */
const run = (flags: StatusFlags, { reporter, signal, environment }: Invocation): Promise<ExitCode> => {
  const settings = readSettings(flags, environment);
  return withDatabase(settings, 'status', signal, async (database) => {
    if (flags.indexes) {
      await requireMigratedSchema(database, settings.schema);
      await tellIndexes(await readIndexes(database, settings), reporter);
      return exitCode.done;
    }
    const status = await readStatus(database, settings);
    const isWell = status.attention.length === 0;
    // Programs know the ledger's summary as `moment`.
    const { ledger: moment, ...others } = status;
    reporter.say(
      'status',
      { isWell, database: describeTarget(database.target), schema: settings.schema, moment, ...others },
      await screen(status, describeTarget(database.target), settings.schema),
    );
    // This is the answer to a question and not an error, so nothing is thrown.
    return isWell ? exitCode.done : exitCode.findings;
  });
};

const tellIndexes = async (
  { since, indexes }: Awaited<ReturnType<typeof readIndexes>>,
  reporter: Reporter,
): Promise<void> => {
  const unused = indexes.filter(({ is_unused }) => is_unused);
  const bytes = (rows: readonly IndexRow[]) => formatBytes(rows.reduce((sum, index) => sum + index.bytes, 0));
  reporter.say('indexes', { since, indexes }, [
    ...(await formatTable(
      indexes.map((index) => ({
        table: index.table_name,
        index: index.index_name,
        kind: index.kind,
        read: index.scan_count,
        'last on': index.last_read_on,
        size: formatBytes(index.bytes),
      })),
    )),
    '',
    `${plural(indexes.length, 'index', 'indexes')}, ${bytes(indexes)}; counted since ${since ?? 'the database was made'}.`,
    unused.length === 0
      ? 'Each that is there to read by has been read.'
      : `Nobody has read ${unused.map(({ index_name }) => index_name).join(', ')} (${bytes(unused)}). A week of nightly runs, verify and the API reads most: judge after that.`,
  ]);
};

const describeSource = ({ ledger, source }: Status): string => {
  const reasons = [
    [source?.null_id_count ?? 0, 'null id'],
    [source?.self_tap_count ?? 0, 'self tap'],
    [source?.unknown_user_count ?? 0, 'unknown user'],
  ] as const;
  const told = reasons.filter(([count]) => count > 0).map(([count, why]) => `${formatCount(count)} ${why}`);
  return `${plural(ledger?.ignored_count ?? 0, 'ignored row')} on processed days${told.length === 0 ? '' : ` (${told.join(', ')})`}`;
};

const describeFrozen = ({ day_count, frozen_before, late_tap_count }: Frozen): string =>
  `${plural(day_count, 'day')}, all before ${frozen_before}${
    late_tap_count === 0
      ? ''
      : `; ${plural(late_tap_count, 'tap')} that came late ${late_tap_count === 1 ? 'is' : 'are'} not counted`
  }`;

/** Who follows, what is waiting, and the cycles of the last hour. */
const describeLive = (live: Live): string => {
  const waits =
    live.oldest_change_ms === null
      ? 'nothing waits'
      : `the oldest change that is not counted is ${formatDuration(live.oldest_change_ms)} old`;
  const cycles =
    live.cycle_count === 0
      ? ''
      : `; ${plural(live.cycle_count, 'cycle')} in the last hour, median ${formatDuration(live.median_ms ?? 0)}, worst ${formatDuration(live.worst_ms ?? 0)}`;
  return `${live.follower === null ? 'nobody follows' : `followed by ${live.follower}`}, ${waits}${cycles}`;
};

const describeVerified = (verified: Verified | null): string => {
  if (verified === null) return 'not since tables were moved; run: arc-gam verify --full';
  const { at, isFull, equal, unequal } = verified;
  const wrong = unequal.length === 0 ? '' : `; not equal: ${unequal.join(', ')}`;
  return `${isFull ? 'in full' : 'a sample'}, ${at.slice(0, 16).replace('T', ' ')} UTC: ${plural(equal.length, 'table')} equal to the source${wrong}`;
};

const screen = async (status: Status, place: string, schema: string): Promise<string[]> => {
  const { ledger, migrations, runs, tables, attention } = status;
  const line = (name: string, text: string) => `${kleur.dim(name.padEnd(10))} ${text}`;
  const applied = migrations.filter(({ state }) => state !== 'pending').at(-1)?.name ?? 'not set up';
  const lines = [
    line('database', `${place}, PostgreSQL ${status.serverVersion}`),
    line('schema', `${schema}, ${applied}`),
  ];
  if (ledger !== null && ledger.as_of_day !== null) {
    lines.push(
      line(
        'as of',
        `${ledger.as_of_day} (zone ${status.zone}), ${plural(ledger.day_count, 'day')} from ${ledger.first_day} on, ${
          (ledger.days_behind ?? 0) > 0 ? `${plural(ledger.days_behind ?? 0, 'day')} behind` : 'up to date'
        }`,
      ),
      line(
        'changed',
        ledger.last_updated_at === null
          ? 'no week is written, or its table is locked'
          : `weeks last written ${ledger.last_updated_at.toISOString().slice(0, 19)}Z`,
      ),
      line('source', describeSource(status)),
      ...(status.frozen === null ? [] : [line('frozen', describeFrozen(status.frozen))]),
    );
  }
  if (status.capture !== null)
    lines.push(
      line(
        'capture',
        `${status.capture}${(ledger?.captured_count ?? 0) > 0 ? `, ${plural(ledger?.captured_count ?? 0, 'day')} noted` : ''}`,
      ),
    );
  const { figures } = status;
  if (figures !== null && figures.distributed + figures.reference > 0)
    lines.push(
      line(
        'figures',
        `${plural(figures.distributed, 'table')} distributed, ${figures.reference} on every node (Citus ${figures.version})`,
      ),
      line('verified', describeVerified(figures.verified)),
    );
  if (status.live !== null) lines.push(line('live', describeLive(status.live)));
  lines.push(line('lock', status.lockHolder === null ? 'free' : `held by ${status.lockHolder}`));
  if (runs.length > 0) {
    const rows = runs.map((run) => ({
      run: run.run_id,
      command: run.command,
      state: run.state,
      started: run.started_at,
      // When a run that died ended is unknown.
      took: run.state === 'dead' ? '-' : formatDuration(run.duration_ms),
      days: run.day_count,
      taps: run.tap_count,
      'rows written': run.row_count,
    }));
    lines.push('', ...(await formatTable(rows)));
  }
  if (tables.length > 0) {
    const rows = tables.slice(0, 12).map((table) => ({
      table: table.table_name,
      rows: `~${formatCount(table.row_estimate)}`,
      size: formatBytes(table.bytes),
    }));
    lines.push('', ...(await formatTable(rows)));
  }
  lines.push('');
  if (attention.length === 0) lines.push(`${kleur.green('✓')} All is well. Next: arc-gam etl, tomorrow.`);
  for (const { what } of attention) lines.push(`${kleur.yellow('!')} ${what}`);
  const next = attention[0]?.command;
  if (next !== undefined) {
    // The run under way may already be doing what would be suggested.
    const isUnderWay = status.lockHolder !== null && /^arc-gam (etl|backfill)/.test(next);
    lines.push(isUnderWay ? 'A run is under way: look again when it has ended.' : `Run: ${kleur.bold(next)}`);
  }
  return lines;
};

export const command: CommandFile = { group: 'To look:', describe, run };
