import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  type CommandFile,
  type CommonFlags,
  type Invocation,
  refuseFlags,
  withCommonFlags,
} from '../command-line.js';
import { readSettings } from '../config.js';
import { withDatabase } from '../db/database.js';
import { follow } from '../pipeline/follow.js';

interface FollowFlags extends CommonFlags {
  every: number;
  once?: boolean;
}

/** `1s`, `500ms`, `2m`, in milliseconds. */
const intervalFlag = (text: string): number => {
  const [, number = '', unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  const ms = Number(number) * { ms: 1, s: 1000, m: 60_000 }[unit as 'ms' | 's' | 'm'];
  if (number === '' || ms < 100 || ms > 3_600_000)
    throw new InvalidArgumentError('Expected a time from 100ms to 60m, such as 1s.');
  return ms;
};

const describe = (command: Command): Command =>
  withCommonFlags(command)
    .description('keep the rollups up to now: the same rows as every night, seconds after the tap')
    .addOption(
      new Option('--every <time>', 'how often to look for changes')
        .argParser(intervalFlag)
        .default(1000, '1s'),
    )
    .option('--once', 'one cycle, then end')
    .addHelpText(
      'after',
      `
Examples:
  arc-gam follow                    until Ctrl-C or SIGTERM (exit code 0); needs capture: arc-gam capture on
  arc-gam follow --every 5s
  arc-gam follow --once             one cycle: what waits is counted, the running day included

A nightly etl stays as the safety net: it gets its turn between two cycles. A second follow waits to take over.`,
    );

const run = (flags: FollowFlags, invocation: Invocation): Promise<void> => {
  const { reporter, signal, environment } = invocation;
  if (flags.once) refuseFlags(invocation, ['every'], '--once looks once.');
  const settings = readSettings(flags, environment);
  return withDatabase(settings, 'follow', signal, (database) =>
    follow(database, settings, { everyMs: flags.every, once: flags.once === true, signal }, reporter),
  );
};

export const command: CommandFile = { group: 'To compute:', describe, run, endsBySignal: true };
