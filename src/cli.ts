import { Command, CommanderError } from 'commander';
import { describeBackfill, runBackfill } from './commands/backfill.js';
import { describeCapture, runCapture } from './commands/capture.js';
import { describeDemo, runDemo } from './commands/demo.js';
import { describeEtl, runEtl } from './commands/etl.js';
import { describeGrants, runGrants } from './commands/grants.js';
import { describeMigrate, runMigrate } from './commands/migrate.js';
import { describeQuests, runQuests } from './commands/quests.js';
import { describeServe, runServe } from './commands/serve.js';
import { type CommonFlags, type Invocation, openReporter, wantsCloudLogging } from './commands/shared.js';
import { describeStatus, runStatus } from './commands/status.js';
import { describeVerify, runVerify } from './commands/verify.js';
import { describeWhy, runWhy } from './commands/why.js';
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
  reporter = openReporter(flags, commandName());
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

describeMigrate(program.command('migrate')).action((direction: string, flags) =>
  invoke(flags, (invocation) => runMigrate(direction, flags, invocation)),
);
describeBackfill(program.command('backfill')).action((flags) =>
  invoke(flags, (invocation) => runBackfill(flags, invocation)),
);
describeEtl(program.command('etl')).action((flags) =>
  invoke(flags, (invocation) => runEtl(flags, invocation)),
);
describeCapture(program.command('capture')).action((verb: string, flags) =>
  invoke(flags, (invocation) => runCapture(verb, flags, invocation)),
);
describeGrants(program.command('grants')).action((flags) =>
  invoke(flags, (invocation) => runGrants(flags, invocation)),
);
describeQuests(program.command('quests')).action((flags) =>
  invoke(flags, (invocation) => runQuests(flags, invocation)),
);
describeDemo(program.command('demo')).action((flags) =>
  invoke(flags, (invocation) => runDemo(flags, invocation)),
);
describeStatus(program.command('status')).action((flags) =>
  invoke(flags, (invocation) => runStatus(flags, invocation)),
);
describeVerify(program.command('verify')).action((flags) =>
  invoke(flags, (invocation) => runVerify(flags, invocation)),
);
describeWhy(program.command('why')).action((number: string, flags) =>
  invoke(flags, (invocation) => runWhy(number, flags, invocation)),
);
describeServe(program.command('serve')).action((flags) =>
  invoke(flags, (invocation) => runServe(flags, invocation)),
);

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
  reporter ??= openReporter(
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
