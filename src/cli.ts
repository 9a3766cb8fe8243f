import { Command, CommanderError } from 'commander';
import {
  type CommonFlags,
  type Invocation,
  openReporter,
  plainReporter,
  wantsCloudLogging,
} from './commands/shared.js';
import { cloudRunTaskIndex } from './config.js';
import { toFailure } from './db/failure.js';
import { exitCode, Failure } from './errors.js';
import { readPackageFile } from './files.js';
import { withoutPasswords } from './report/redact.js';
import type { Reporter } from './report/reporter.js';

const stop = new AbortController();
let reporter: Reporter | null = null;
let debug = false;

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
      openedReporter().failed(
        `Stopped by ${signal}. The server did not end the statement within ${patienceMs / 1000} s, so the connection was dropped: the server rolls the batch back by itself, what was committed stays. Run the same command again to go on.`,
        exitCode.failed,
      );
      process.exit(exitCode.failed);
    }, patienceMs).unref();
  });
}

// A reader that has seen enough, such as head, is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCode.done);
  throw error;
});

const invoke = async <Flags extends CommonFlags>(
  flags: Flags,
  run: (invocation: Invocation) => Promise<void>,
): Promise<void> => {
  debug = flags.debug === true;
  reporter = await openReporter(flags, commandName());
  const task = cloudRunTaskIndex();
  if (task > 0) {
    reporter.notice(
      `This is task ${task} of the Cloud Run Job, and task 0 does all of the work: it ends here, with nothing done. Set the job's taskCount to 1.`,
    );
    return;
  }
  await run({ reporter, signal: stop.signal });
};

const { version } = JSON.parse(readPackageFile('package.json')) as { version: string };

const program = new Command('arc-gam')
  .description(
    'Exact rollups of community gamification on PostgreSQL: activity, streaks, ties, boards, quests.',
  )
  .version(version)
  .showHelpAfterError('(add --help for the options)')
  .exitOverride()
  .addHelpText(
    'after',
    `
Exit codes: 0 done, 1 failed, 2 usage or configuration, 3 verification found differences,
            4 another run holds the lock, 5 database unreachable`,
  );

/** Every command loads what only it needs: `etl` waits for no web server. */
const commands = {
  migrate: async () => {
    const { describeMigrate, runMigrate } = await import('./commands/migrate.js');
    describeMigrate(program.command('migrate')).action((direction: string, flags) =>
      invoke(flags, (invocation) => runMigrate(direction, flags, invocation)),
    );
  },
  backfill: async () => {
    const { describeBackfill, runBackfill } = await import('./commands/backfill.js');
    describeBackfill(program.command('backfill')).action((flags) =>
      invoke(flags, (invocation) => runBackfill(flags, invocation)),
    );
  },
  etl: async () => {
    const { describeEtl, runEtl } = await import('./commands/etl.js');
    describeEtl(program.command('etl')).action((flags) =>
      invoke(flags, (invocation) => runEtl(flags, invocation)),
    );
  },
  capture: async () => {
    const { describeCapture, runCapture } = await import('./commands/capture.js');
    describeCapture(program.command('capture')).action((verb: string, flags) =>
      invoke(flags, (invocation) => runCapture(verb, flags, invocation)),
    );
  },
  grants: async () => {
    const { describeGrants, runGrants } = await import('./commands/grants.js');
    describeGrants(program.command('grants')).action((flags) =>
      invoke(flags, (invocation) => runGrants(flags, invocation)),
    );
  },
  quests: async () => {
    const { describeQuests, runQuests } = await import('./commands/quests.js');
    describeQuests(program.command('quests')).action((flags) =>
      invoke(flags, (invocation) => runQuests(flags, invocation)),
    );
  },
  demo: async () => {
    const { describeDemo, runDemo } = await import('./commands/demo.js');
    describeDemo(program.command('demo')).action((flags) =>
      invoke(flags, (invocation) => runDemo(flags, invocation)),
    );
  },
  status: async () => {
    const { describeStatus, runStatus } = await import('./commands/status.js');
    describeStatus(program.command('status')).action((flags) =>
      invoke(flags, (invocation) => runStatus(flags, invocation)),
    );
  },
  verify: async () => {
    const { describeVerify, runVerify } = await import('./commands/verify.js');
    describeVerify(program.command('verify')).action((flags) =>
      invoke(flags, (invocation) => runVerify(flags, invocation)),
    );
  },
  why: async () => {
    const { describeWhy, runWhy } = await import('./commands/why.js');
    describeWhy(program.command('why')).action((number: string, flags) =>
      invoke(flags, (invocation) => runWhy(number, flags, invocation)),
    );
  },
  serve: async () => {
    const { describeServe, runServe } = await import('./commands/serve.js');
    describeServe(program.command('serve')).action((flags) =>
      invoke(flags, (invocation) => runServe(flags, invocation)),
    );
  },
} satisfies Record<string, () => Promise<void>>;

const isCommand = (name: string | undefined): name is keyof typeof commands =>
  name !== undefined && Object.hasOwn(commands, name);

const [, , named] = process.argv;
// Anything else is about all of them: help, or a name that may be a misspelt one.
if (isCommand(named)) await commands[named]();
else if (named !== '--version' && named !== '-V') for (const load of Object.values(commands)) await load();

// Before the flags are read: what is wrong with them is said in the format of all the rest, without a password in it.
const isForCloudLogging =
  /--log-format[= ]json/.test(process.argv.join(' ')) ||
  wantsCloudLogging({ json: process.argv.includes('--json') });
for (const command of [program, ...program.commands]) {
  command.configureOutput({
    writeErr: (text) => {
      if (!isForCloudLogging) process.stderr.write(withoutPasswords(text));
    },
  });
}

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCode.done : exitCode.usage;
    if (isForCloudLogging && process.exitCode !== exitCode.done) {
      openedReporter().failed(`${withoutPasswords(error.message)} (see arc-gam --help)`, exitCode.usage);
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
    { progress: false, ...(isForCloudLogging ? { logFormat: 'json' } : {}) },
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
