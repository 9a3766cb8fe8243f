import { readdirSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import {
  type CommandFile,
  type CommonFlags,
  commandGroups,
  type Invocation,
  openReporter,
  plainReporter,
  type Surroundings,
  wantsCloudLogging,
} from './command-line.js';
import { cloudRunTaskIndex } from './config.js';
import { toFailure } from './db/failure.js';
import { type ExitCode, exitCode, type Failure } from './errors.js';
import { packageVersion } from './files.js';
import { withoutPasswords } from './report/redact.js';
import type { Reporter } from './report/reporter.js';

/** One call of arc-gam. It runs in the process of src/cli.ts, or within the process of a test. */
export interface Call {
  /**
   * Runs the call to its end. Never throws: an error has been reported by then and is in the exit code. With `refusal`
   * no command runs, and that is reported; help and version are given all the same.
   */
  run(refusal?: Failure | null): Promise<ExitCode>;
  /**
   * Reports, in the format of this call, why a signal ends it before its time. Returns the exit code of such an end.
   */
  stopped(message: string): ExitCode;
}

/** A command is a file of src/commands, called as the file is. */
const commandsFolder = new URL('./commands/', import.meta.url);
const commandFiles = new Map(
  readdirSync(commandsFolder).flatMap((file) => {
    const [, name] = /^([a-z-]+)\.(?:js|ts)$/.exec(file) ?? [];
    return name === undefined ? [] : [[name, file] as const];
  }),
);

/** Null for a file that is no command: a build of an earlier version may have left it. */
const readCommand = async (name: string): Promise<CommandFile | null> => {
  const { command } = (await import(new URL(commandFiles.get(name) ?? '', commandsFolder).href)) as {
    command?: CommandFile;
  };
  return command ?? null;
};

/** The program without its commands. */
const newProgram = ({ out, err }: Surroundings, isForCloudLogging: boolean): Command =>
  new Command('arc-gam')
    .description(
      'Exact rollups of community gamification on PostgreSQL: activity, streaks, ties, boards, quests.',
    )
    .configureOutput({
      writeOut: (text) => {
        out.write(text);
      },
      writeErr: (text) => {
        if (!isForCloudLogging) err.write(withoutPasswords(text));
      },
      outputError: (text, write) => write(text.replace(/^error: /, 'Error: ')),
      getOutHelpWidth: () => (out.isTTY && out.columns ? out.columns : 80),
      getErrHelpWidth: () => (err.isTTY && err.columns ? err.columns : 80),
    })
    .version(packageVersion())
    .helpCommand(false)
    .showHelpAfterError('(add --help for the options)')
    .exitOverride()
    .addHelpText(
      'after',
      `
Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 verification found differences,
            4 another run holds the lock, 5 database unreachable (arc-gam help exit-codes)`,
    );

/** Opens a call with the words of its command line, without the program's own name. */
export const openCall = (words: readonly string[], surroundings: Surroundings): Call => {
  const { environment, err } = surroundings;
  let reporter: Reporter | null = null;
  let debug = false;
  let endsBySignal = false;
  let answer: ExitCode = exitCode.done;
  let refused: Failure | null = null;

  // Decided before the flags are parsed, so that errors in the flags are reported in the right format too.
  const isForCloudLogging =
    /--log-format[= ]json/.test(words.join(' ')) ||
    wantsCloudLogging({ json: words.includes('--json') }, environment);
  const isForMachines = isForCloudLogging || words.includes('--json');

  const program = newProgram(surroundings, isForCloudLogging);

  const addCommand = (name: string, file: CommandFile): void => {
    const command = file.describe(program.command(name).helpGroup(file.group));
    command.action(async (...given: unknown[]) => {
      // What commander calls it with: the arguments, the flags, the command.
      const args = given.slice(0, -2);
      const flags = given.at(-2) as CommonFlags;
      debug = flags.debug === true;
      endsBySignal = file.endsBySignal === true;
      reporter = await openReporter(flags, name, surroundings);
      if (refused !== null && !file.tellsOfAll) throw refused;
      const task = cloudRunTaskIndex(environment);
      if (task > 0) {
        reporter.notice(
          `This is task ${task} of the Cloud Run Job, and task 0 does all of the work: it ends here, with nothing done. Set the job's taskCount to 1.`,
        );
        return;
      }
      const invocation: Invocation = { ...surroundings, reporter, command };
      const run = file.run as (...all: unknown[]) => ReturnType<CommandFile['run']>;
      answer = (await run(...args, flags, invocation)) ?? exitCode.done;
    });
  };

  /** Loads only the file of the command that is called: etl has no use for a web server. Help loads all of them. */
  const addCommands = async (called: string | undefined): Promise<void> => {
    if (called === '--version' || called === '-V') return;
    const only = called !== undefined && commandFiles.has(called) ? await readCommand(called) : null;
    if (called !== undefined && only !== null && !only.tellsOfAll) {
      addCommand(called, only);
      return;
    }
    const all = await Promise.all(
      [...commandFiles.keys()].map(async (name) => ({ name, file: await readCommand(name) })),
    );
    for (const group of commandGroups) {
      for (const { name, file } of all) if (file?.group === group) addCommand(name, file);
    }
  };

  const commandName = (): string =>
    program.commands.find((command) => command.name() === program.args[0])?.name() ?? 'arc-gam';

  /** The command's reporter; an error before the flags are read gets one in the default format. */
  const openedReporter = (): Reporter => {
    reporter ??= plainReporter(
      { progress: false, ...(isForCloudLogging ? { logFormat: 'json' } : { json: isForMachines }) },
      commandName(),
      surroundings,
    );
    return reporter;
  };

  const tell = (error: unknown): ExitCode => {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCode.done;
      if (isForMachines) {
        const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
        openedReporter().failed(`${withoutPasswords(message)} (see arc-gam --help)`, exitCode.usage);
      }
      return exitCode.usage;
    }
    const failure = toFailure(error);
    openedReporter().failed(withoutPasswords(failure.message), failure.exitCode);
    if (debug) err.write(withoutPasswords(`${failure.stack}\n${stackOf(failure.cause)}`));
    return failure.exitCode;
  };

  return {
    run: async (refusal = null) => {
      refused = refusal;
      try {
        await addCommands(words[0]);
        await program.parseAsync(words, { from: 'user' });
        return answer;
      } catch (error) {
        return tell(error);
      } finally {
        openedReporter().close();
      }
    },
    stopped: (message) => {
      if (endsBySignal) {
        openedReporter().notice(message);
        return exitCode.done;
      }
      openedReporter().failed(message, exitCode.failed);
      return exitCode.failed;
    },
  };
};

const stackOf = (cause: unknown): string => (cause instanceof Error ? `Caused by: ${cause.stack}\n` : '');
