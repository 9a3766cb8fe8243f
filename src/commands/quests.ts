import type { Command } from 'commander';
import { type CommandFile, type CommonFlags, type Invocation, withCommonFlags } from '../command-line.js';
import { readSettings } from '../config.js';
import { withDatabase } from '../db/database.js';
import { withTransaction } from '../db/transaction.js';
import { readPackageFile } from '../files.js';
import { requireMigratedSchema } from '../migrate/migrations.js';

const describe = (command: Command): Command =>
  withCommonFlags(command)
    .description("the quests of the as-of day's week, and how many users completed each of them in it")
    .addHelpText(
      'after',
      `
Examples:
  arc-gam quests
  arc-gam quests --json

A quest is a row of quest_definitions: add one with INSERT, retire one with active_until; the next etl derives the rest.`,
    );

const run = async (flags: CommonFlags, { reporter, signal, environment }: Invocation): Promise<void> => {
  const settings = readSettings(flags, environment);
  await withDatabase(settings, 'quests', signal, async (database) => {
    await requireMigratedSchema(database, settings.schema);
    const quests = await withTransaction(
      database,
      settings,
      (session) => session.query(readPackageFile('sql/status/active_quest.sql')),
      { readOnly: true, signal },
    );
    const weekStart = quests[0]?.week_start;
    if (weekStart === undefined) {
      reporter.notice('No quest is active: no day is processed yet (arc-gam etl), or all are retired.');
      return;
    }
    await reporter.table('quest', quests, `Quests of the week from ${weekStart}`);
  });
};

export const command: CommandFile = { group: 'To look:', describe, run };
