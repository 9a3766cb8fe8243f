import type { Command } from 'commander';
import kleur from 'kleur';
import { readSettings } from '../config.js';
import { type Database, withDatabase } from '../db/database.js';
import { exitCode, usageFailure } from '../errors.js';
import { requireMigrated } from '../migrate/migrations.js';
import { whyKinds } from '../why/known.js';
import { ruleOf } from '../why/rule.js';
import { explain } from '../why/why.js';
import { type CommonFlags, dayFlag, type Invocation, userFlag, withCommonFlags } from './shared.js';

interface WhyFlags extends CommonFlags {
  user?: string;
  other?: string;
  date?: string;
}

export const describeWhy = (command: Command): Command =>
  withCommonFlags(command)
    .argument('<number>', `one of ${whyKinds.join(', ')}`)
    .description('the source rows and the arithmetic behind one number, and whether what is stored agrees')
    .option('--user <id>', 'the user', userFlag)
    .option('--other <id>', 'edge: the other user', userFlag)
    .option(
      '--date <day>',
      "day, week, rank, quest: the day or one of the week (default: the user's latest)",
      dayFlag,
    )
    .addHelpText(
      'after',
      `
Examples:
  arc-gam why streak --user ID
  arc-gam why edge --user ID --other ID
  arc-gam why week --user ID --date 2026-01-31
  arc-gam why quest --user ID

Exit codes: 0 what is stored agrees, 3 it differs`,
    );

/** Runs `arc-gam why`; the exit code is 3 if what is stored differs. Only reads. */
export const runWhy = (number: string, flags: WhyFlags, { reporter }: Invocation): Promise<void> => {
  const kind = whyKinds.find((known) => known === number);
  if (kind === undefined) throw usageFailure(`why ${number}: expected one of ${whyKinds.join(', ')}.`);
  const { user, other = null, date = null } = flags;
  if (user === undefined) throw usageFailure(`why ${number} is about a user: give --user ID.`);
  const settings = readSettings(flags);
  return withDatabase(settings, `why ${kind}`, async (database) => {
    await requireSchema(database, settings.schema);
    reporter.working('Reading the taps of the source');
    const answer = await explain(database, settings, { kind, user, other, date });
    const rule = await ruleOf(kind);
    const differing = answer.figures.filter(({ computed, stored }) => computed !== stored);
    const show = (value: string | null) => value ?? 'no value';
    reporter.say('why', { ...answer, rule, user, other, date, isEqual: differing.length === 0 }, [
      ...answer.lines,
      '',
      ...rule.map((sentence) => `The Community page says: ${sentence}`),
      ...answer.figures.map(({ name, computed, stored }) =>
        computed === stored
          ? `${kleur.green('✓')} ${name} = ${show(stored)}`
          : `${kleur.red('✗')} ${name} is stored as ${show(stored)}, the source says ${show(computed)}`,
      ),
      ...(differing.length === 0
        ? []
        : [
            `If the source changed since the last run, arc-gam etl brings it up to date; else: arc-gam verify --user ${user} --repair`,
          ]),
    ]);
    // An answer, not an error: nothing is thrown.
    if (differing.length > 0) process.exitCode = exitCode.findings;
  });
};

const requireSchema = async (database: Database, schema: string): Promise<void> => {
  const client = await database.connect();
  try {
    await requireMigrated(client, schema);
  } finally {
    await client.end();
  }
};
