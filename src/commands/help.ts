import type { Command } from 'commander';
import type { CommandFile, Invocation } from '../command-line.js';
import { exitCode, exitMeaning, usageFailure } from '../errors.js';
import { didYouMean } from '../report/suggest.js';

const topics = ['exit-codes'] as const;

const describe = (command: Command): Command =>
  command
    .argument('[about]', `a command, or one of ${topics.join(', ')}`)
    .description('what a command does and takes, with examples')
    .addHelpText(
      'after',
      `
Examples:
  arc-gam help                 all commands
  arc-gam help backfill        the same as arc-gam backfill --help
  arc-gam help exit-codes      what each code means, and whether another try helps`,
    );

const run = (about: string | undefined, _flags: unknown, { command, out }: Invocation): void => {
  const program = command.parent ?? command;
  if (about === undefined) {
    out.write(program.helpInformation());
    return;
  }
  if (about === 'exit-codes') {
    out.write(`${exitCodes()}\n`);
    return;
  }
  const found = program.commands.find((other) => other.name() === about);
  if (found === undefined) {
    const topicsOfHelp = [...program.commands.map((other) => other.name()), ...topics];
    throw usageFailure(
      `help ${about}: there is no such command or topic.${didYouMean(about, topicsOfHelp)} There are ${topicsOfHelp.join(', ')}.`,
    );
  }
  found.outputHelp();
};

const exitCodes = (): string =>
  Object.values(exitCode)
    .map((code) => {
      const { means, again } = exitMeaning[code];
      return `${code}  ${means}\n   Another try: ${again}`;
    })
    .concat(
      '130, 143  Ended by a second Ctrl-C (130) or SIGTERM (143), which does not wait for the rollback: the server does it.\n   Another try: goes on where it stopped',
    )
    .join('\n');

export const command: CommandFile = { group: 'Help:', describe, run, tellsOfAll: true };
