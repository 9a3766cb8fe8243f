import type { Command } from 'commander';
import { captureOff, captureOn, captureState } from '../capture/capture.js';
import {
  type CommandFile,
  type CommonFlags,
  choiceArgument,
  chosen,
  type Invocation,
  refuseFlags,
  waitFlag,
  withCommonFlags,
} from '../command-line.js';
import { readSettings } from '../config.js';
import { withDatabase } from '../db/database.js';
import { withTransaction } from '../db/transaction.js';
import { requireMigratedSchema } from '../migrate/migrations.js';
import { waitingWith } from '../report/reporter.js';

interface CaptureFlags extends CommonFlags {
  wait: number;
}

const verbs = ['on', 'off', 'status'] as const;

const meaning = {
  off: 'Runs compare the digest of every day of history with the ledger.',
  pending:
    'The triggers are there; the next run still looks at all of history once, later ones only at what they note.',
  ready: 'Runs look only at the days that the triggers noted.',
  broken:
    'A trigger is missing or switched off, a table has parts now, or the mapping reads a further table: runs look at all of history. Mend it, or be told why not, with: arc-gam capture on',
} as const;

const describe = (command: Command): Command =>
  withCommonFlags(command)
    .addArgument(choiceArgument('<verb>', 'what to do', verbs))
    .description(
      "triggers on the application's tables that note touched days, so that a run need not look at all of history",
    )
    .option('--wait <seconds>', 'wait for a run to end', waitFlag, 0)
    .addHelpText(
      'after',
      `
Examples:
  arc-gam capture on        needs the TRIGGER privilege on taps and users
  arc-gam capture status
  arc-gam capture off       removes the triggers`,
    );

const run = async (given: string, flags: CaptureFlags, invocation: Invocation): Promise<void> => {
  const verb = chosen('capture', given, verbs);
  if (verb === 'status') refuseFlags(invocation, ['wait'], 'capture status waits for nobody.');
  const { reporter, signal, environment } = invocation;
  const settings = readSettings(flags, environment);
  await withDatabase(settings, `capture ${verb}`, signal, async (database) => {
    await requireMigratedSchema(database, settings.schema);
    const options = { waitSeconds: flags.wait, signal, onWait: waitingWith(reporter) };
    if (verb === 'on') await captureOn(database, settings, options);
    if (verb === 'off') await captureOff(database, settings, options);
    const [state, waiting] = await withTransaction(
      database,
      settings,
      async (session) => {
        const [queue] = await session.query<{ rows: number }>(
          'select count(*)::float8 as rows from change_queue',
        );
        return [await captureState(session), queue?.rows ?? 0] as const;
      },
      { readOnly: true, signal },
    );
    await reporter.table('capture', [{ capture: state, 'waiting changes': waiting }], meaning[state]);
  });
};

export const command: CommandFile = { group: 'To set it up:', describe, run };
