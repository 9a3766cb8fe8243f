-- Up Migration

create table setting (
  key text primary key,
  value text not null
);
comment on table setting is 'Facts recorded with the data that must not change under it: the zone that decides days, the source mapping that the views were made from.';
comment on column setting.key is 'zone, or source.<name> for a mapped column of the application.';
comment on column setting.value is 'The value that the stored figures were computed with.';

create table schema_file (
  name text primary key,
  sha256 text not null
);
comment on table schema_file is 'A row per applied migration file: what it contained when it was applied, so that a later edit is noticed.';
comment on column schema_file.name is 'The file name without its extension, as in schema_migration.';
comment on column schema_file.sha256 is 'SHA-256 of the file''s bytes, in hex.';

create table run (
  run_id integer primary key,
  command text not null,
  state text not null check (state in ('running', 'done', 'failed', 'stopped', 'dead')),
  started_at timestamptz not null,
  ended_at timestamptz,
  host text not null,
  pid integer not null,
  as_of_day date,
  day_count integer not null default 0 check (day_count >= 0),
  batch_count integer not null default 0 check (batch_count >= 0),
  tap_count bigint not null default 0 check (tap_count >= 0),
  retry_count integer not null default 0 check (retry_count >= 0),
  message text,
  check ((state = 'running') = (ended_at is null))
);
comment on table run is 'The ledger of runs that had work to do. A run that finds nothing stale writes nothing, this row included.';
comment on column run.run_id is 'The number of the run, 1 upwards; no sequence, so that a run that is rolled back leaves no gap.';
comment on column run.command is 'The command with its arguments, without any secret.';
comment on column run.state is 'running; done; failed (message says why); stopped (by a signal); dead (it vanished: found by the next run).';
comment on column run.started_at is 'When the run began its first batch.';
comment on column run.ended_at is 'When the run ended; for a dead run, when that was noticed.';
comment on column run.host is 'The host that the command ran on.';
comment on column run.pid is 'The process id of the command on its host.';
comment on column run.as_of_day is 'L after the run''s last committed batch.';
comment on column run.day_count is 'Days derived in committed batches.';
comment on column run.batch_count is 'Committed batches.';
comment on column run.tap_count is 'Valid taps read in committed batches.';
comment on column run.retry_count is 'Batches tried again after a serialisation failure, a deadlock or a lost connection.';
comment on column run.message is 'Why the run failed or stopped, in one sentence.';

create table run_step (
  run_id integer not null references run (run_id) on delete cascade,
  step text not null,
  rows_inserted bigint not null check (rows_inserted >= 0),
  rows_updated bigint not null check (rows_updated >= 0),
  rows_deleted bigint not null check (rows_deleted >= 0),
  duration_ms bigint not null check (duration_ms >= 0),
  primary key (run_id, step)
);
comment on table run_step is 'What each step of a run wrote, summed over its committed batches.';
comment on column run_step.run_id is 'The run.';
comment on column run_step.step is 'The step: the name of its file in sql/steps.';
comment on column run_step.rows_inserted is 'Rows inserted.';
comment on column run_step.rows_updated is 'Rows updated; an equal row is not written.';
comment on column run_step.rows_deleted is 'Rows deleted.';
comment on column run_step.duration_ms is 'Milliseconds, as the command measured them.';

create table processed_day (
  day date primary key,
  tap_count integer not null check (tap_count >= 0),
  tap_digest numeric not null,
  null_id_count integer not null check (null_id_count >= 0),
  self_tap_count integer not null check (self_tap_count >= 0),
  unknown_user_count integer not null check (unknown_user_count >= 0),
  steps_sha256 text not null,
  run_id integer not null
);
comment on table processed_day is 'P, the processed days: a row per day whose taps are in the figures. The latest is L, the as-of day. A day whose source no longer agrees with its row is stale.';
comment on column processed_day.day is 'A local calendar date in the zone.';
comment on column processed_day.tap_count is 'Valid taps of the day when it was derived.';
comment on column processed_day.tap_digest is 'The sum of a 64-bit hash of every tap between two ids (both ids, time, coordinates, whether both are users): equal sums, equal taps, in any order.';
comment on column processed_day.null_id_count is 'Rows ignored because an id was null.';
comment on column processed_day.self_tap_count is 'Rows ignored because both ids were the same.';
comment on column processed_day.unknown_user_count is 'Rows ignored because an id was not in users.';
comment on column processed_day.steps_sha256 is 'A digest of the step files that derived the day: another one makes it stale.';
comment on column processed_day.run_id is 'The run that derived the day last.';

create table stale_mark (
  day date,
  user_id uuid,
  reason text not null,
  check (num_nonnulls(day, user_id) = 1)
);
comment on table stale_mark is 'Days and users that the next run derives again although their source is unchanged: written by verify --repair.';
comment on column stale_mark.day is 'A processed day to derive again.';
comment on column stale_mark.user_id is 'A user all of whose rows are to be derived again.';
comment on column stale_mark.reason is 'Why, for status and --explain.';

-- Down Migration

drop table stale_mark;
drop table processed_day;
drop table run_step;
drop table run;
drop table schema_file;
drop table setting;
