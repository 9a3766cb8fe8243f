import './navigator.js';
import { constants } from 'node:os';
import { readEnvironment } from './config.js';
import { exitCode, Failure } from './errors.js';
import { openCall } from './program.js';

/** Ctrl-C answers within 5 s and Cloud Run kills after 10 s, also when the server does not end the statement. */
const patienceMs = 4_000;

const stop = new AbortController();
const { environment, failure } = readEnvironment();
const call = openCall(process.argv.slice(2), {
  environment,
  out: process.stdout,
  err: process.stderr,
  signal: stop.signal,
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // A second one does not wait for the rollback. As a shell would tell it: 130 and 143.
    if (stop.signal.aborted) process.exit(128 + constants.signals[signal]);
    stop.abort(
      new Failure(
        exitCode.failed,
        `Stopped by ${signal}. What was under way was rolled back, what was committed stays; run the same command again to go on.`,
      ),
    );
    setTimeout(() => {
      process.exit(
        call.stopped(
          `Stopped by ${signal}. The server did not end the statement within ${patienceMs / 1000} s, so the connection was dropped: the server rolls the batch back by itself, what was committed stays. Run the same command again to go on.`,
        ),
      );
    }, patienceMs).unref();
  });
}

// A reader that has seen enough, such as head, is no error, and no reason to leave the work half done: the command goes
// on to its end without a word, and its exit code tells what happened. Of a full disk nobody would know.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    stream.write = () => true;
    if (error.code === 'EPIPE') return;
    process.stderr.write(
      `Error: stdout can't be written (${error.message}). What was under way is rolled back, what was committed stays. Make room, then run the same command again.\n`,
    );
    process.exit(exitCode.failed);
  });
}

process.exitCode = await call.run(failure);
