import type { Command } from 'commander';
import { type CommandFile, choiceArgument, chosen, type Invocation } from '../command-line.js';
import { type CompletedCommand, type CompletedFlag, completionScript, shells } from '../report/completion.js';
import { checkedTables } from '../verify/check.js';

const describe = (command: Command): Command =>
  command
    .addArgument(choiceArgument('<shell>', 'the shell', shells))
    .description('a script that completes commands, flags and their values in a shell')
    .addHelpText(
      'after',
      `
Examples:
  source <(arc-gam completion bash)                                              for this shell; in ~/.bashrc for all
  arc-gam completion zsh > "\${fpath[1]}/_arc-gam"                                then begin a new shell
  arc-gam completion fish > ~/.config/fish/completions/arc-gam.fish`,
    );

const run = (given: string, _flags: unknown, { command, out }: Invocation): void => {
  const shell = chosen('completion', given, shells);
  const program = command.parent ?? command;
  out.write(completionScript(shell, program.commands.map(completed)));
};

const completed = (command: Command): CompletedCommand => ({
  name: command.name(),
  about: command.description(),
  words:
    command.name() === 'help'
      ? [...(command.parent?.commands.map((other) => other.name()) ?? []), 'exit-codes']
      : command.registeredArguments.flatMap((argument) => argument.argChoices ?? []),
  flags: command.options
    .filter(({ hidden }) => !hidden)
    .map(
      (option): CompletedFlag => ({
        flag: option.long ?? option.flags,
        about: option.description,
        takesValue: option.required || option.optional,
        takesFile: /<(file|path|dir)>/.test(option.flags),
        values: option.attributeName() === 'table' ? checkedTables() : (option.argChoices ?? []),
      }),
    ),
});

export const command: CommandFile = { group: 'Help:', describe, run, tellsOfAll: true };
