import { readdirSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import {
  type CommandFile,
  type CommonFlags,
  commandGroups,
  type Invocation,
  openReporter,
  plainReporter,
  wantsCloudLogging,
} from './command-line.js';
import { cloudRunTaskIndex } from './config.js';
import { toFailure } from './db/failure.js';
import { exitCode, Failure } from './errors.js';
import { packageVersion } from './files.js';
import { withoutPasswords } from './report/redact.js';
import type { Reporter } from './report/reporter.js';

const stop = new AbortController();
let reporter: Reporter | null = null;
let debug = false;
let endsBySignal = false;

/** Ctrl-C answers within 5 s and Cloud Run kills after 10 s, also when the server does not end the statement. */
const patienceMs = 4_000;

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // A second Ctrl-C does not wait for the rollback.
    if (stop.signal.aborted) process.exit(130);
    stop.abort(
      new Failure(
        exitCode.failed,
        `Stopped by ${signal}. The batch under way was rolled back, what was committed stays; run the same command again to go on.`,
      ),
    );
    setTimeout(() => {
      const told = `Stopped by ${signal}. The server did not end the statement within ${patienceMs / 1000} s, so the connection was dropped: the server rolls the batch back by itself, what was committed stays. Run the same command again to go on.`;
      if (endsBySignal) {
        openedReporter().notice(told);
        process.exit(exitCode.done);
      }
      openedReporter().failed(told, exitCode.failed);
      process.exit(exitCode.failed);
    }, patienceMs).unref();
  });
}

// A reader that has seen enough, such as head, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCode.done);
  throw error;
});

const program = new Command('arc-gam')
  .description(
    'Exact rollups of community gamification on PostgreSQL: activity, streaks, ties, boards, quests.',
  )
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

const addCommand = (name: string, file: CommandFile): void => {
  const command = file.describe(program.command(name).helpGroup(file.group));
  command.action(async (...given: unknown[]) => {
    // What commander calls it with: the arguments, the flags, the command.
    const words = given.slice(0, -2);
    const flags = given.at(-2) as CommonFlags;
    debug = flags.debug === true;
    endsBySignal = file.endsBySignal === true;
    reporter = await openReporter(flags, name);
    const task = cloudRunTaskIndex();
    if (task > 0) {
      reporter.notice(
        `This is task ${task} of the Cloud Run Job, and task 0 does all of the work: it ends here, with nothing done. Set the job's taskCount to 1.`,
      );
      return;
    }
    const invocation: Invocation = { reporter, signal: stop.signal, command };
    await (file.run as (...all: unknown[]) => Promise<void> | void)(...words, flags, invocation);
  });
};

/** Every command loads what only it needs: `etl` waits for no web server. Whatever is about all of them loads them all. */
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

await addCommands(process.argv[2]);

// Before the flags are read: what is wrong with them is said in the format of all the rest, without a password in it.
const isForCloudLogging =
  /--log-format[= ]json/.test(process.argv.join(' ')) ||
  wantsCloudLogging({ json: process.argv.includes('--json') });
const isForMachines = isForCloudLogging || process.argv.includes('--json');
for (const command of [program, ...program.commands]) {
  command.configureOutput({
    writeErr: (text) => {
      if (!isForCloudLogging) process.stderr.write(withoutPasswords(text));
    },
    outputError: (text, write) => write(text.replace(/^error: /, 'Error: ')),
  });
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCode.done : exitCode.usage;
    if (isForMachines && process.exitCode !== exitCode.done) {
      const message = error.message.replace(/^error: /, '').replaceAll('\n', ' ');
      openedReporter().failed(`${withoutPasswords(message)} (see arc-gam --help)`, exitCode.usage);
    }
  } else {
    const failure = toFailure(error);
    openedReporter().failed(withoutPasswords(failure.message), failure.exitCode);
    if (debug) process.stderr.write(withoutPasswords(`${failure.stack}\n${stackOf(failure.cause)}`));
    process.exitCode = failure.exitCode;
  }
} finally {
  openedReporter().close();
}

/** The command's reporter; before there is one, one of the default format. */
function openedReporter(): Reporter {
  reporter ??= plainReporter(
    { progress: false, ...(isForCloudLogging ? { logFormat: 'json' } : { json: isForMachines }) },
    commandName(),
  );
  return reporter;
}

function commandName(): string {
  return program.commands.find((command) => command.name() === program.args[0])?.name() ?? 'arc-gam';
}

function stackOf(cause: unknown): string {
  return cause instanceof Error ? `Caused by: ${cause.stack}\n` : '';
}
