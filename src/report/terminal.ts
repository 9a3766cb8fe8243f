import kleur from 'kleur';
import type { Ora } from 'ora';
import { writeAndDrain } from './drain.js';
import { formatCount, formatDuration, formatTable, plural, printable } from './format.js';
import type { ChangedRow, PlanReport, Reason, Reporter, RunReport, StepResult } from './reporter.js';
import { rowsWritten } from './steps.js';

export interface TerminalOptions {
  /** The line that changes while something is under way, on stderr; null shows none. */
  readonly spinner: Ora | null;
  readonly out: NodeJS.WritableStream;
  readonly err: NodeJS.WritableStream;
  /** Whether stderr takes colours; whether stdout does, kleur knows. */
  readonly hasErrColours: boolean;
}

/** For a person: a live line on stderr, results on stdout. Piped, only the results. */
export const terminalReporter = ({ spinner, out, err, hasErrColours }: TerminalOptions): Reporter => {
  const show = (text: string) => {
    if (spinner === null) return;
    if (spinner.isSpinning) spinner.text = text;
    else spinner.start(text);
  };
  const print = (line: string, stream = out) => {
    const text = spinner?.isSpinning ? spinner.text : undefined;
    spinner?.stop();
    stream.write(`${line}\n`);
    if (text !== undefined) spinner?.start(text);
  };
  /** A text for stderr: kleur has one switch for all streams. */
  const onErr = (colour: 'red' | 'yellow', text: string): string => {
    const { enabled } = kleur;
    kleur.enabled = hasErrColours;
    const coloured = kleur[colour](text);
    kleur.enabled = enabled;
    return coloured;
  };
  let planned: PlanReport | null = null;
  let tapsDone = 0;
  let daysDone = 0;
  let begun = performance.now();
  let batchText = '';
  return {
    working: show,
    plan: (report) => {
      planned = report;
      begun = performance.now();
      if (spinner !== null) print(describePlan(report), err);
    },
    runOpened: () => undefined,
    batchStarted: ({ index, count, days }) => {
      const first = days[0]?.day;
      if (first === undefined) {
        batchText = 'Nothing is stale; checking what the passing of time changed';
      } else {
        const last = days.at(-1)?.day;
        const span = first === last ? first : `${first} .. ${last}`;
        const left = timeLeft(planned, tapsDone, daysDone, begun);
        batchText = `Batch ${index + 1} of ${count}: ${span}, ${formatCount(tapsDone)} of ${formatCount(planned?.tapCount ?? 0)} taps done${left}`;
      }
      show(batchText);
    },
    stepStarted: (step) => show(`${batchText} (${step})`),
    batchEnded: ({ days }, { tapCount }) => {
      tapsDone += tapCount;
      daysDone += days.length;
    },
    retrying: ({ attempt, waitMs, reason }) =>
      print(
        onErr('yellow', `Batch failed (try ${attempt}), again in ${formatDuration(waitMs)}: ${reason}`),
        err,
      ),
    notice: (message) => print(onErr('yellow', message), err),
    ended: async (report) => {
      spinner?.stop();
      for (const line of await describeRun(report)) out.write(`${line}\n`);
    },
    changedRow: (row) => {
      spinner?.stop();
      return writeAndDrain(out, `${printable(describeChange(row))}\n`);
    },
    table: async (_name, rows, title) => {
      spinner?.stop();
      if (title !== undefined) out.write(`${kleur.bold(title)}\n`);
      if (rows.length === 0) return;
      const [head = '', ...body] = await formatTable(rows);
      out.write(`${[kleur.dim(head), ...body].join('\n')}\n`);
    },
    say: (_event, _fields, lines) => {
      for (const line of lines) print(line);
    },
    failed: (message) => {
      spinner?.stop();
      err.write(`${onErr('red', 'Error:')} ${message}\n`);
    },
    close: () => spinner?.stop(),
  };
};

const reasonWords = {
  missing: 'not processed yet',
  changed: 'changed in the source',
  outdated: 'derived by other SQL',
  marked: 'marked by verify',
  erased: 'frozen, of somebody who was erased',
} as const satisfies Record<Reason, string>;

const describePlan = (report: PlanReport): string => {
  if (report.dayCount === 0) return `${report.command}: every day is up to date (zone ${report.zone}).`;
  const reasons = Object.entries(report.reasons)
    .map(([reason, count]) => `${formatCount(count)} ${reasonWords[reason as keyof typeof reasonWords]}`)
    .join(', ');
  return `${report.command}: ${plural(report.dayCount, 'day')} (${reasons}), ${report.firstDay} .. ${report.lastDay}, ${plural(report.tapCount, 'tap')}, ${plural(report.batchCount, 'batch', 'batches')}, zone ${report.zone}`;
};

const timeLeft = (plan: PlanReport | null, taps: number, days: number, begun: number): string => {
  if (plan === null || days === 0) return '';
  const share = plan.tapCount > 0 ? taps / plan.tapCount : days / plan.dayCount;
  if (share <= 0) return '';
  return `, about ${formatDuration(((performance.now() - begun) * (1 - share)) / share)} left`;
};

/** `table key: column old -> new`, only the columns that differ. */
const describeChange = ({ table, key, old, new: fresh }: ChangedRow): string => {
  const name = `${table} ${Object.values(key).join(' ')}`;
  const figures = Object.keys(fresh ?? old ?? {}).filter((column) => !(column in key));
  const shown = (row: Readonly<Record<string, string | null>>, columns: string[]) =>
    columns.map((column) => `${column} ${row[column] ?? 'null'}`).join(', ');
  if (old === null) return `+ ${name}: ${shown(fresh ?? {}, figures)}`;
  if (fresh === null) return `- ${name}: ${shown(old, figures)}`;
  const changed = figures.filter((column) => old[column] !== fresh[column]);
  return `~ ${name}: ${changed.map((column) => `${column} ${old[column] ?? 'null'} -> ${fresh[column] ?? 'null'}`).join(', ')}`;
};

/** A step that wrote nothing is shown only if it took at least this share of the run's time. */
const worthALine = 0.01;

/** Steps that wrote rows or took time, slowest first. Steps that only prepare input are included: they can be slow. */
const timeTable = (report: RunReport) => {
  if (report.dryRun) return [];
  const worked = [
    ...report.steps.filter((step) => rowsWritten([step]) > 0 || isSlow(step, report)),
    ...report.preparing.filter((step) => isSlow(step, report)),
  ];
  const prepares = new Set(report.preparing);
  return worked
    .sort((one, other) => other.durationMs - one.durationMs)
    .map((step) => ({
      step: step.step,
      inserted: prepares.has(step) ? '' : step.inserted,
      updated: prepares.has(step) ? '' : step.updated,
      deleted: prepares.has(step) ? 'prepares' : step.deleted,
      time: formatDuration(step.durationMs),
    }));
};

const isSlow = ({ durationMs }: StepResult, report: RunReport): boolean =>
  durationMs >= worthALine * report.durationMs && durationMs >= 10;

const describeRun = async (report: RunReport): Promise<string[]> => {
  const rows = timeTable(report);
  const ignored = Object.entries(report.ignored).filter(([, count]) => count > 0);
  const retries = report.retryCount > 0 ? `, ${plural(report.retryCount, 'retry', 'retries')}` : '';
  const frozen = report.frozenBefore === null ? '' : `, frozen before ${report.frozenBefore}`;
  const asOf = report.asOfDay === null ? 'no day is processed' : `as of ${report.asOfDay}`;
  return [
    ...(rows.length > 0 ? await formatTable(rows) : report.dryRun ? [] : ['No row changed.']),
    `${report.command}${report.dryRun ? ' (dry run, rolled back)' : ''}: ${plural(report.dayCount, 'day')}, ${plural(report.tapCount, 'tap')} in ${formatDuration(report.durationMs)}${retries}, ${asOf}${frozen}`,
    ...(ignored.length > 0
      ? [
          `Ignored rows of the source: ${ignored.map(([reason, count]) => `${formatCount(count)} ${reason.replaceAll('_', ' ')}`).join(', ')}`,
        ]
      : []),
  ];
};
