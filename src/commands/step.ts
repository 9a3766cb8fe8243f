import type { Command } from 'commander';
import {
  type CommandFile,
  type CommonFlags,
  databaseFlags,
  type Invocation,
  refuseFlags,
  withCommonFlags,
} from '../command-line.js';
import { readSettings, type Settings } from '../config.js';
import { withDatabase } from '../db/database.js';
import { withTransaction } from '../db/transaction.js';
import { Failure, usageFailure } from '../errors.js';
import { readPackageFile } from '../files.js';
import { requireMigratedSchema } from '../migrate/migrations.js';
import { statementsOf } from '../pipeline/converge.js';
import { loadSteps } from '../pipeline/order.js';
import { isPreparing, isShared, type Step, writesOf } from '../pipeline/step.js';
import { didYouMean } from '../report/suggest.js';

const describe = (command: Command): Command =>
  withCommonFlags(command)
    .description('the steps in their order, with what each reads and writes; the statements of one')
    .argument('[name]', 'a step: print its statements as they run')
    .addHelpText(
      'after',
      `
Examples:
  arc-gam step                    all steps in the order in which a batch runs them
  arc-gam step edge_strength      its statements, with the parameters that a run gives
  arc-gam step --json             one object a step

A step is a file of sql/steps (or sql/repair, for a run that verify --repair asked for, or sql/frozen, for frozen days): a
header and a SELECT. With a database configured, the rows and milliseconds of the last run stand beside it. The statements
are to be read: they have parameters ($1, named above each) and read temporary tables that a batch makes.`,
    );

const kindOf = (step: Step): string => {
  if (step.runs === 'repair') return 'repairs';
  if (step.runs === 'frozen') return 'of frozen days';
  return isPreparing(step) ? 'prepares' : 'keeps';
};

interface LastRun extends Record<string, unknown> {
  readonly step: string;
  readonly rows: number;
  readonly ms: number;
}

/** What the last run with work to do wrote, by step; empty without a configured and migrated database. */
const lastRun = async (flags: CommonFlags, invocation: Invocation): Promise<Map<string, LastRun>> => {
  let settings: Settings;
  try {
    settings = readSettings(flags, invocation.environment);
  } catch (error) {
    if (error instanceof Failure && flags.databaseUrl === undefined) return new Map();
    throw error;
  }
  return withDatabase(settings, 'step', invocation.signal, async (database) => {
    await requireMigratedSchema(database, settings.schema);
    const rows = await withTransaction(
      database,
      settings,
      (session) => session.query<LastRun>(readPackageFile('sql/status/last_step.sql')),
      { readOnly: true, signal: invocation.signal },
    );
    return new Map(rows.map((row) => [row.step, row]));
  });
};

const list = async (steps: readonly Step[], flags: CommonFlags, invocation: Invocation): Promise<void> => {
  const last = await lastRun(flags, invocation);
  await invocation.reporter.table(
    'step',
    steps.map((step, index) => ({
      order: index + 1,
      step: step.name,
      kind: kindOf(step),
      writes: writesOf(step).join(', '),
      ...(last.size > 0
        ? { rows: last.get(step.name)?.rows ?? null, ms: last.get(step.name)?.ms ?? null }
        : {}),
      reads: [...step.reads, ...step.before.map((table) => `${table} (as it was)`)].join(', '),
    })),
    'Steps in the order in which a batch runs them',
  );
};

const print = (steps: readonly Step[], name: string, { reporter }: Invocation): void => {
  const step = steps.find((one) => one.name === name);
  if (step === undefined) {
    const near = didYouMean(
      name,
      steps.map((one) => one.name),
    );
    throw usageFailure(`No step is called '${name}'.${near} To see all of them: arc-gam step`);
  }
  for (const { purpose, table, params, text } of statementsOf(step, isShared(step, steps), {
    persistence: 'temp',
    schema: 'gamification',
  }))
    reporter.say('statement', { step: step.name, purpose, table, params, text }, [
      `-- ${step.file}: ${purpose}${params.map((parameter, index) => `, $${index + 1} ${parameter}`).join('')}`,
      `${text};`,
      '',
    ]);
};

const run = async (name: string | undefined, flags: CommonFlags, invocation: Invocation): Promise<void> => {
  const steps = loadSteps();
  if (name === undefined) await list(steps, flags, invocation);
  else {
    refuseFlags(invocation, databaseFlags, 'the statements of a step are the same for every database.');
    print(steps, name, invocation);
  }
};

export const command: CommandFile = { group: 'To look:', describe, run };
