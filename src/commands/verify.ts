import { randomInt } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { noteVerified } from '../citus/verified.js';
import {
  type CommandFile,
  type CommonFlags,
  dayFlag,
  type Invocation,
  refuseFlags,
  userFlag,
  waitFlag,
  wholeFlag,
  withCommonFlags,
} from '../command-line.js';
import { readSettings } from '../config.js';
import { withDatabase } from '../db/database.js';
import { exitCode, Failure, usageFailure } from '../errors.js';
import { requireMigratedSchema } from '../migrate/migrations.js';
import { formatCount, formatDuration, plural } from '../report/format.js';
import type { Reporter } from '../report/reporter.js';
import { didYouMean } from '../report/suggest.js';
import { checkedTables } from '../verify/check.js';
import { isUnsealed, repair, unsealedAdvice } from '../verify/repair.js';
import type { Preparation } from '../verify/scope.js';
import { type CheckResult, type Finding, type Verification, verify } from '../verify/verify.js';

interface VerifyFlags extends CommonFlags {
  sample: number;
  seed?: string;
  full?: boolean;
  table?: string[];
  date?: string;
  user?: string;
  limit: number;
  staleOk?: boolean;
  repair?: boolean;
  wait: number;
}

const repairRounds = 3;

const describe = (command: Command): Command =>
  withCommonFlags(command)
    .description('hold what is stored against what follows from the source; exit code 3 when they differ')
    .option(
      '--sample <n>',
      'users to recompute, and a quarter as many days at most',
      wholeFlag(1, 1_000_000),
      200,
    )
    .option('--seed <text>', 'choose the same sample again (default: another one every time)')
    .option('--full', 'every day, every user, every row')
    .option('--table <names>', 'only checks of these tables, separated by commas', tablesFlag)
    .option('--date <day>', 'only this day, its week, and the users who were active on it', dayFlag)
    .option('--user <id>', 'only this user', userFlag)
    .option('--limit <n>', 'findings to show for a check', wholeFlag(1, 1_000_000), 5)
    .option('--stale-ok', 'a day whose source changed since the last run is no reason for exit code 3')
    .option('--repair', 'mark what was found as stale and derive it again')
    .option('--wait <seconds>', 'repair: wait for another run to end', waitFlag, 0)
    .addHelpText(
      'after',
      `
Examples:
  arc-gam verify                          a random sample, in seconds
  arc-gam verify --full                   every row of every table, from the source
  arc-gam verify --date 2026-01-31        a day
  arc-gam verify --full --repair          derive again whatever is wrong

Exit codes: 0 all equal, 3 findings (or days that are stale), 1 could not check`,
    );

const tablesFlag = (text: string): string[] => {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('Expected names of tables, separated by commas.');
  return names;
};

/** Throws a failure with exit code 3 that counts what was found. */
const run = (flags: VerifyFlags, invocation: Invocation): Promise<void> => {
  const { reporter, signal } = invocation;
  requireTables(flags.table ?? []);
  if (flags.full) refuseFlags(invocation, ['sample', 'seed'], '--full looks at everything.');
  if (!flags.repair)
    refuseFlags(invocation, ['wait'], 'only --repair waits for a run; verify reads beside it.');
  if (flags.repair && flags.table !== undefined) {
    throw usageFailure('--repair can not be limited by --table: rows of a table follow from rows of others.');
  }
  const settings = readSettings(flags, invocation.environment);
  const seed = flags.seed ?? String(randomInt(1_000_000));
  return withDatabase(settings, 'verify', signal, async (database) => {
    await requireMigratedSchema(database, settings.schema, { unedited: true });
    const note = async ({ results }: Verification): Promise<void> => {
      const unequal = tablesOf(results.filter(({ state }) => state === 'finding'));
      const equal = tablesOf(results.filter(({ state }) => state === 'ok')).filter(
        (table) => !unequal.includes(table),
      );
      const at = new Date().toISOString();
      if (!(await noteVerified(database, settings, { at, isFull: flags.full === true, equal, unequal })))
        reporter.notice('Status will not know of this verification: the role may only read.');
    };
    const look = async (): Promise<Verification> => {
      const verification = await verify(database, settings, {
        scope: {
          full: flags.full === true,
          sample: flags.sample,
          seed,
          date: flags.date ?? null,
          user: flags.user ?? null,
        },
        tables: flags.table ?? [],
        limit: flags.limit,
        signal,
        onWork: (what) => reporter.working(what),
        onPrepared: (preparations) => reportPrepared(reporter, preparations),
        onCheck: (result) => reportCheck(reporter, result),
      });
      reportSummary(reporter, verification, flags.full === true, seed);
      const isWhole = [flags.table, flags.date, flags.user].every((part) => part === undefined);
      if (isWhole) await note(verification);
      return verification;
    };
    let verification = await look();
    // Of a frozen day with other facts nothing can be derived that would be true.
    const unsealed = flags.repair && isWrong(verification) && (await isUnsealed(database, settings));
    const mayRepair = flags.repair && !unsealed;
    for (let round = 1; mayRepair && isWrong(verification) && round <= repairRounds; round += 1) {
      const days = verification.marks.filter(({ kind }) => kind === 'day');
      const users = verification.marks.filter(({ kind }) => kind === 'user');
      reporter.say('repair', { round, dayCount: days.length, userCount: users.length }, [
        '',
        `Repair: ${plural(days.length, 'day')} and ${plural(users.length, 'user')} marked to be derived again.`,
      ]);
      await repair(
        database,
        settings,
        verification,
        { command: 'verify --repair', waitSeconds: flags.wait, signal },
        reporter,
      );
      reporter.say('verify_again', { round }, ['']);
      verification = await look();
    }
    const wrong = verification.results.filter(
      ({ state }) => state === 'finding' || (state === 'stale' && !flags.staleOk),
    );
    if (wrong.length > 0 || unsealed)
      throw new Failure(exitCode.findings, describeWrong(wrong, flags, unsealed));
  });
};

const tablesOf = (results: readonly CheckResult[]): string[] => [
  ...new Set(results.map(({ table }) => table)),
];

const isWrong = ({ results }: Verification): boolean =>
  results.some(({ state }) => state === 'finding' || state === 'stale');

const describeWrong = (
  wrong: readonly CheckResult[],
  flags: VerifyFlags,
  isRefused: boolean | undefined,
): string => {
  const isUnsealedDay = isRefused === true || wrong.some(({ table }) => table === 'frozen_day');
  const total = (state: CheckResult['state']) =>
    wrong.filter((result) => result.state === state).reduce((sum, { count }) => sum + count, 0);
  const findings = total('finding');
  const stale = total('stale');
  const tables = tablesOf(wrong.filter(({ state }) => state === 'finding')).join(', ');
  const sentences = [];
  if (findings > 0) {
    const advice = isUnsealedDay
      ? ''
      : flags.repair
        ? ' What is left was found again after the repair: please report it.'
        : ' Derive them again with: arc-gam verify --full --repair';
    sentences.push(
      `${plural(findings, 'stored value differs', 'stored values differ')} from the source, in ${tables}.${advice}`,
    );
  }
  if (isUnsealedDay)
    sentences.push(
      `${isRefused === true ? 'Nothing was repaired, for a frozen day is not as it was sealed. ' : ''}${unsealedAdvice}`,
    );
  if (stale > 0) {
    sentences.push(
      `${plural(stale, 'day, home or quest is', 'days, homes or quests are')} stale: changed since the last run. Bring the figures up to date with: arc-gam etl. If that leaves them stale, something was written past capture's triggers: arc-gam verify --full --repair`,
    );
  }
  return sentences.join('\n');
};

/** Throws a usage failure, before connecting, for a table that no check is about. */
const requireTables = (tables: readonly string[]): void => {
  if (tables.length === 0) return;
  const checked = checkedTables();
  const unknown = tables.find((table) => !checked.includes(table));
  if (unknown === undefined) return;
  throw usageFailure(
    `--table ${unknown}: no check is about it.${didYouMean(unknown, checked)} Expected one of ${checked.join(', ')}.`,
  );
};

const marks = { ok: '✓', finding: '✗', stale: '✗', attention: '!', skipped: '-' } as const;

/** Reports the preparations before the first check, which take most of a verification's time. */
const reportPrepared = (reporter: Reporter, preparations: readonly Preparation[]): void => {
  const rounded = preparations.map(({ what, durationMs }) => ({ what, durationMs: Math.round(durationMs) }));
  const total = rounded.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const longestFirst = [...rounded].sort((one, other) => other.durationMs - one.durationMs);
  reporter.say('prepared', { preparations: rounded, durationMs: total }, [
    `Prepared in ${formatDuration(total)}: ${longestFirst
      .map(({ what, durationMs }) => `${what} ${formatDuration(durationMs)}`)
      .join(', ')}`,
  ]);
};

const reportCheck = (reporter: Reporter, result: CheckResult): void => {
  const { findings, ...fields } = result;
  const count =
    result.state === 'ok'
      ? ''
      : result.state === 'skipped'
        ? 'skipped: the table is not there'
        : result.state === 'finding'
          ? plural(result.count, 'finding')
          : `${formatCount(result.count)} ${result.state === 'stale' ? 'stale' : 'to know of'}`;
  reporter.say('check', { ...fields, durationMs: Math.round(result.durationMs) }, [
    `${marks[result.state]} ${result.table.padEnd(20)}  ${result.says.padEnd(56)}  ${formatDuration(result.durationMs).padStart(7)}  ${count}`.trimEnd(),
  ]);
  for (const finding of findings) {
    const why = howToSee(finding);
    reporter.say('finding', { ...finding, state: result.state, why }, [
      `    ${finding.key}: ${finding.column} is ${finding.stored ?? 'null'}, expected ${finding.expected ?? 'null'}`,
      ...(why === null ? [] : [`      see: ${why}`]),
    ]);
  }
  const left = result.count - findings.length;
  if (left > 0 && findings.length > 0)
    reporter.say('more', { check: result.check, count: left }, [
      `    and ${formatCount(left)} more (--limit)`,
    ]);
};

/** The command that shows the source rows behind a finding; null if the finding is not about one user. */
const howToSee = ({ table, column, stored, user, other, day }: Finding): string | null => {
  // A row too many may be of somebody who is no user, of whom nothing can be asked.
  if (user === null || (column === 'row' && stored === 'there')) return null;
  const date = day === null ? '' : ` --date ${day}`;
  switch (table) {
    case 'user_day_activity':
      return `arc-gam why day --user ${user}${date}`;
    case 'user_week_activity':
      return `arc-gam why week --user ${user}${date}`;
    case 'weekly_leaderboard':
      return `arc-gam why rank --user ${user}${date}`;
    case 'user_quest_progress':
      return `arc-gam why quest --user ${user}${date}`;
    case 'edge_strength':
    case 'connection':
    case 'pair_day':
      return other === null ? null : `arc-gam why edge --user ${user} --other ${other}`;
    case 'user_streaks':
    case 'activity_run':
      return `arc-gam why streak --user ${user}`;
    default:
      return null;
  }
};

const reportSummary = (
  reporter: Reporter,
  { asOfDay, zone, coverage, results, marks: found, durationMs }: Verification,
  full: boolean,
  seed: string,
): void => {
  const failed = results.filter(({ state }) => state === 'finding' || state === 'stale').length;
  const checking = results.reduce((sum, result) => sum + result.durationMs, 0);
  const what = full ? 'Everything' : `A sample (--seed ${seed})`;
  reporter.say(
    'verified',
    {
      asOfDay,
      zone,
      full,
      seed: full ? null : seed,
      ...coverage,
      checkCount: results.length,
      failedCount: failed,
      markedDays: found.filter(({ kind }) => kind === 'day').length,
      markedUsers: found.filter(({ kind }) => kind === 'user').length,
      durationMs: Math.round(durationMs),
      checkingMs: Math.round(checking),
    },
    [
      `${what} as of ${asOfDay}: ${plural(coverage.dayCount, 'day')} with ${plural(coverage.tapCount, 'tap')} read from the source, ${coverage.frozenDays === 0 ? '' : `${plural(coverage.frozenDays, 'frozen day')} held against what was sealed, `}${plural(coverage.userCount, 'user')} recomputed, ${plural(coverage.weekCount, 'week')} ranked. ${
        failed === 0 ? 'All equal.' : `${plural(failed, 'check')} of ${results.length} found something.`
      } Took ${formatDuration(durationMs)}, of which the checks ${formatDuration(checking)}.`,
    ],
  );
};

export const command: CommandFile = { group: 'To look:', describe, run };
