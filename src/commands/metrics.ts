import { renameSync, rmSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import {
  type CommandFile,
  type CommonFlags,
  type Invocation,
  refuseFlags,
  withCommonFlags,
} from '../command-line.js';
import { readSettings } from '../config.js';
import { withDatabase } from '../db/database.js';
import { workFailure } from '../errors.js';
import { packageVersion } from '../files.js';
import { prometheusText } from '../status/metrics.js';
import { readStatus } from '../status/status.js';

interface MetricsFlags extends CommonFlags {
  file?: string;
}

const describe = (command: Command): Command =>
  withCommonFlags(command)
    .description("how things stand, in Prometheus' text format: age, stale days, the last run, sizes")
    .option('--file <path>', 'write it there in one piece, for a textfile collector')
    .addHelpText(
      'after',
      `
Examples:
  arc-gam metrics                                                        on stdout, for a scrape
  arc-gam metrics --file /var/lib/node_exporter/textfile/arc_gam.prom    for node_exporter, after every run

It only reads, and takes as long as arc-gam status. The exit code says whether it could be read, not whether all is well:
arc_gam_attention_count says that.`,
    );

/** Only reads. Throws a failure where the database can't be read or the file can't be written. */
const run = (flags: MetricsFlags, invocation: Invocation): Promise<void> => {
  const { reporter, signal, environment } = invocation;
  if (flags.file !== undefined) refuseFlags(invocation, ['json'], 'a file is in the format of Prometheus.');
  const settings = readSettings(flags, environment);
  return withDatabase(settings, 'metrics', signal, async (database) => {
    const status = await readStatus(database, settings);
    const text = prometheusText(status, packageVersion(), settings.schema, new Date());
    if (flags.file !== undefined) writeWhole(flags.file, text);
    else reporter.say('metrics', { text }, text.trimEnd().split('\n'));
  });
};

/** Written under another name and renamed, so that a collector never reads half a file. */
const writeWhole = (path: string, text: string): void => {
  const fresh = `${path}.${process.pid}.new`;
  try {
    writeFileSync(fresh, text, { mode: 0o644 });
    renameSync(fresh, path);
  } catch (cause) {
    rmSync(fresh, { force: true });
    throw workFailure(
      `The metrics can't be written to ${path} (${(cause as NodeJS.ErrnoException).code ?? String(cause)}). Give a file in a folder that this user may write to.`,
      { cause },
    );
  }
};

export const command: CommandFile = { group: 'To look:', describe, run };
