import type { Status } from './status.js';

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly samples: readonly (readonly [labels: Readonly<Record<string, string>>, value: number])[];
}

/**
 * A status in Prometheus' text format: gauges only, all named arc_gam_... What is not known yet (no day processed, no
 * run) has no sample, so that an alert can ask for its absence instead of comparing with 0. Format:
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export const prometheusText = (status: Status, version: string, schema: string, now: Date): string =>
  metricsOf(status, version, schema, now)
    .filter(({ samples }) => samples.length > 0)
    .flatMap(({ name, help, samples }) => [
      `# HELP arc_gam_${name} ${help}`,
      `# TYPE arc_gam_${name} gauge`,
      ...samples.map(([labels, value]) => `arc_gam_${name}${labelsText(labels)} ${value}`),
    ])
    .map((line) => `${line}\n`)
    .join('');

const labelsText = (labels: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries(labels).map(
    ([name, value]) =>
      `${name}="${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

const metricsOf = (status: Status, version: string, schema: string, now: Date): Metric[] => {
  const { ledger, source, runs, tables } = status;
  const [last] = runs;
  const one = (name: string, help: string, value: number | null | undefined): Metric => ({
    name,
    help,
    samples: value === null || value === undefined ? [] : [[{}, value]],
  });
  const by = (
    name: string,
    help: string,
    label: string,
    values: Readonly<Record<string, number | null | undefined>>,
  ): Metric => ({
    name,
    help,
    samples: Object.entries(values).flatMap(([key, value]) =>
      value === null || value === undefined ? [] : [[{ [label]: key }, value] as const],
    ),
  });
  const asOf = ledger?.as_of_day ?? null;
  return [
    {
      name: 'info',
      help: 'What was looked at, as labels; always 1.',
      samples: [[{ version, schema, zone: status.zone ?? '', server: status.serverVersion }, 1]],
    },
    one(
      'collected_timestamp_seconds',
      'When this was read: a textfile that is no longer written shows it.',
      Math.floor(now.getTime() / 1000),
    ),
    one(
      'pending_migrations',
      'Migrations of this version that are not applied.',
      status.migrations.filter(({ state }) => state === 'pending').length,
    ),
    one(
      'attention_count',
      'What arc-gam status says wants attention; 0: all is well.',
      status.attention.length,
    ),
    one(
      'as_of_timestamp_seconds',
      'Midnight UTC of the as-of day, the latest processed one.',
      asOf === null ? null : Date.parse(`${asOf}T00:00:00Z`) / 1000,
    ),
    one(
      'days_behind',
      'Days from the as-of day to yesterday in the zone; 0 or less: up to date.',
      asOf === null ? null : ledger?.days_behind,
    ),
    one('processed_days', 'Days in the ledger.', ledger?.day_count),
    by(
      'stale_days',
      'Days that the next run would derive, as far as status sees them without reading all of history.',
      'reason',
      {
        missing: ledger?.gap_count,
        changed: ledger === null ? null : status.changedDays.length,
        outdated: status.outdatedDays,
        marked: ledger?.mark_count,
      },
    ),
    by('ignored_rows', 'Rows of the source on processed days that count nowhere.', 'reason', {
      null_id: source?.null_id_count,
      self_tap: source?.self_tap_count,
      unknown_user: source?.unknown_user_count,
      frozen_day: ledger === null ? null : (status.frozen?.late_tap_count ?? 0),
    }),
    one(
      'frozen_days',
      'Days whose facts stand in for their taps.',
      ledger === null ? null : (status.frozen?.day_count ?? 0),
    ),
    one('future_taps', 'Taps of a day that has not begun, at most 1000.', source?.future_count),
    one(
      'queued_changes',
      'Changes of taps and users that capture noted and no run has looked at yet.',
      status.queuedChanges,
    ),
    one('captured_days', 'Days that capture noted and no run has derived yet.', ledger?.captured_count),
    one(
      'seconds_since_write',
      'Seconds since a week was last written: with a run that goes on all the time, how far the figures are behind.',
      secondsSince(ledger?.last_updated_at, now),
    ),
    one(
      'followed',
      'Whether somebody follows; not there while capture is off.',
      status.live === null ? null : Number(status.live.follower !== null),
    ),
    one(
      'oldest_change_seconds',
      'Age of the oldest change that is not counted yet; 0: nothing waits.',
      status.live === null ? null : (status.live.oldest_change_ms ?? 0) / 1000,
    ),
    one('run_lock_held', 'Whether a run is under way.', status.lockHolder === null ? 0 : 1),
    by(
      'last_run_state',
      'The state of the last run that had work: 1 for the one it is in.',
      'state',
      last === undefined ? {} : { [last.state]: 1 },
    ),
    one(
      'last_run_started_timestamp_seconds',
      'When the last run that had work began.',
      last === undefined ? null : Date.parse(last.started_at.replace(' ', 'T')) / 1000,
    ),
    one(
      'last_run_duration_seconds',
      'How long it took, or has taken.',
      last === undefined ? null : Math.round(last.duration_ms) / 1000,
    ),
    one('last_run_days', 'Days that it derived.', last?.day_count),
    one('last_run_taps', 'Valid taps that it read.', last?.tap_count),
    one('last_run_rows', 'Rows that it wrote.', last?.row_count),
    by(
      'table_bytes',
      'Size of a table with its indexes.',
      'table',
      Object.fromEntries(tables.map((table) => [table.table_name, table.bytes])),
    ),
    by(
      'table_rows',
      'Rows of a table, as the server estimates them.',
      'table',
      Object.fromEntries(tables.map((table) => [table.table_name, table.row_estimate])),
    ),
  ];
};

const secondsSince = (then: Date | null | undefined, now: Date): number | null =>
  then === null || then === undefined
    ? null
    : Math.max(0, Math.round((now.getTime() - then.getTime()) / 1000));
