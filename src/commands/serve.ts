import type { Command } from 'commander';
import {
  type CommandFile,
  type CommonFlags,
  type Invocation,
  portFlag,
  wantsCloudLogging,
  withCommonFlags,
} from '../command-line.js';
import { readSettings } from '../config.js';
import type { RequestReport } from '../serve/http.js';
import { startServer } from '../serve/server.js';
import { readServeSettings } from '../serve/settings.js';

interface ServeFlags extends CommonFlags {
  host: string;
  port: number;
}

const describe = (command: Command): Command =>
  withCommonFlags(command)
    .description('answer the read API and the Community page; reads only')
    .option('--host <address>', 'the address to listen on', '127.0.0.1')
    .option('--port <n>', 'the port to listen on (0: any free one)', portFlag, 8080)
    .addHelpText(
      'after',
      `
Examples:
  arc-gam serve                              for this machine: http://127.0.0.1:8080/?user_id=<uuid>
  arc-gam serve --host 0.0.0.0 --json        behind a proxy, once ARC_GAM_JWT_* or ARC_GAM_SERVICE_TOKEN is set`,
    );

/** As Cloud Run marks its own lines of requests. */
const severityOf = (status: number): 'WARNING' | 'ERROR' | undefined =>
  status >= 500 ? 'ERROR' : status >= 400 ? 'WARNING' : undefined;

/** Runs `arc-gam serve` until a signal ends it. Throws a failure that says what to do. */
const run = async (flags: ServeFlags, { reporter, signal, environment, out }: Invocation): Promise<void> => {
  const isForMachines = flags.json === true || wantsCloudLogging(flags, environment);
  const write = (event: string, fields: object, line: string, severity?: 'WARNING' | 'ERROR') => {
    if (isForMachines) reporter.say(event, fields, [line], severity);
    else out.write(`${line}\n`);
  };
  const onRequest = (report: RequestReport) => {
    const { method, path, status, durationMs, reason } = report;
    const moment = isForMachines ? '' : `${new Date().toISOString()} `;
    write(
      'request',
      report,
      `${moment}${method} ${path} ${status} ${durationMs} ms${reason === undefined ? '' : ` ${reason}`}`,
      severityOf(status),
    );
  };
  const server = await startServer(readSettings(flags, environment), readServeSettings(environment), {
    host: flags.host,
    port: flags.port,
    onRequest,
    ...(environment.ARC_GAM_NOW === undefined ? {} : { now: environment.ARC_GAM_NOW }),
  });
  write('listening', { url: server.url }, `Listening on ${server.url}. Ctrl-C ends it.`);
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
  await server.stop();
};

export const command: CommandFile = { group: 'To serve:', describe, run };
