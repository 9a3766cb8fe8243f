import type { Command } from 'commander';
import kleur from 'kleur';
import {
  type CommandFile,
  type CommonFlags,
  choiceArgument,
  chosen,
  dayFlag,
  type Invocation,
  refuseFlags,
  userFlag,
  withCommonFlags,
} from '../command-line.js';
import { readSettings } from '../config.js';
import { withDatabase } from '../db/database.js';
import { type ExitCode, exitCode, usageFailure } from '../errors.js';
import { requireMigratedSchema } from '../migrate/migrations.js';
import { printable } from '../report/format.js';
import { isUnsealed, unsealedAdvice } from '../verify/repair.js';
import { whyKinds } from '../why/answer.js';
import { ruleOf } from '../why/rule.js';
import { explain } from '../why/why.js';

interface WhyFlags extends CommonFlags {
  user?: string;
  other?: string;
  date?: string;
}

const describe = (command: Command): Command =>
  withCommonFlags(command)
    .addArgument(choiceArgument('<number>', 'the number', whyKinds))
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

/** Returns exit code 3 if the stored figure differs. Only reads. */
const run = (number: string, flags: WhyFlags, invocation: Invocation): Promise<ExitCode> => {
  const kind = chosen('why', number, whyKinds);
  if (kind !== 'edge')
    refuseFlags(invocation, ['other'], `why ${kind} is about one user; why edge is about two.`);
  if (kind === 'edge' || kind === 'streak') {
    refuseFlags(invocation, ['date'], `why ${kind} tells how things stand on the as-of day.`);
  }
  const { reporter } = invocation;
  const { user, other = null, date = null } = flags;
  if (user === undefined) throw usageFailure(`why ${kind} is about a user: give --user ID.`);
  const settings = readSettings(flags, invocation.environment);
  return withDatabase(settings, `why ${kind}`, invocation.signal, async (database) => {
    await requireMigratedSchema(database, settings.schema);
    reporter.working('Reading the taps of the source');
    const answer = await explain(database, settings, { kind, user, other, date });
    const rule = await ruleOf(kind);
    const differing = answer.figures.filter(({ computed, stored }) => computed !== stored);
    const unsealed = differing.length > 0 && (await isUnsealed(database, settings));
    const origin = unsealed ? 'by a frozen day that is not as it was sealed it is' : 'the source says';
    const advice = unsealed
      ? unsealedAdvice
      : `If the source changed since the last run, arc-gam etl brings it up to date; else: arc-gam verify --user ${user} --repair`;
    const show = (value: string | null) => value ?? 'no value';
    reporter.say('why', { ...answer, rule, user, other, date, isEqual: differing.length === 0 }, [
      ...answer.lines.map((line) => (/^\s*/.exec(line)?.[0] ?? '') + printable(line.trimStart())),
      '',
      ...rule.map((sentence) => `The Community page says: ${sentence}`),
      ...answer.figures.map(({ name, computed, stored }) =>
        computed === stored
          ? `${kleur.green('✓')} ${name} = ${show(stored)}`
          : `${kleur.red('✗')} ${name} is stored as ${show(stored)}, ${kind === 'rank' && name.endsWith('_rank') ? 'by the figures of the others as stored it is' : origin} ${show(computed)}`,
      ),
      ...(differing.length === 0 ? [] : [advice]),
    ]);
    // This is the answer to a question and not an error, so nothing is thrown.
    return differing.length > 0 ? exitCode.findings : exitCode.done;
  });
};

export const command: CommandFile = { group: 'To look:', describe, run };
