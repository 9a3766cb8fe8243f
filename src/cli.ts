import { Command, CommanderError } from 'commander';
import { describeBackfill, runBackfill } from './commands/backfill.js';
import { describeCapture, runCapture } from './commands/capture.js';
import { describeDemo, runDemo } from './commands/demo.js';
import { describeEtl, runEtl } from './commands/etl.js';
import { describeMigrate, runMigrate } from './commands/migrate.js';
import { describeQuests, runQuests } from './commands/quests.js';
import { type CommonFlags, type Invocation, openReporter } from './commands/shared.js';
import { toFailure } from './db/failure.js';
import { exitCode, Failure } from './errors.js';
import { readPackageFile } from './files.js';
import type { Reporter } from './report/reporter.js';

const stop = new AbortController();
let reporter: Reporter | null = null;
let debug = false;

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
  reporter = openReporter(flags);
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
describeQuests(program.command('quests')).action((flags) =>
  invoke(flags, (invocation) => runQuests(flags, invocation)),
);
describeDemo(program.command('demo')).action((flags) =>
  invoke(flags, (invocation) => runDemo(flags, invocation)),
);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? exitCode.done : exitCode.usage;
  } else {
    const failure = toFailure(error);
    reporter ??= openReporter({ progress: false });
    reporter.failed(failure.message, failure.exitCode);
    if (debug) process.stderr.write(`${failure.stack}\n${stackOf(failure.cause)}`);
    process.exitCode = failure.exitCode;
  }
} finally {
  reporter?.close();
}

function stackOf(cause: unknown): string {
  return cause instanceof Error ? `Caused by: ${cause.stack}\n` : '';
}
