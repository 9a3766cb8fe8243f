-- Up Migration

alter table change_queue add column noted_at timestamptz not null default now();
comment on column change_queue.noted_at is 'When the statement''s transaction began: how old the oldest change is that no run has counted yet.';

alter table captured_day add column noted_at timestamptz not null default now();
comment on column captured_day.noted_at is 'When the first of the day''s changes that are not counted yet was made.';

create table follow_minute (
  minute timestamptz primary key,
  tap_count integer not null,
  cycle_ms integer[] not null,
  lag_ms integer[] not null
);
comment on table follow_minute is 'What arc-gam follow did in each minute of the last hour, for status: a row a minute, older ones are deleted.';
comment on column follow_minute.minute is 'The minute, UTC.';
comment on column follow_minute.tap_count is 'Valid taps read in it.';
comment on column follow_minute.cycle_ms is 'How long each of its cycles took, milliseconds.';
comment on column follow_minute.lag_ms is 'For each of these cycles: from the oldest change that it counted to its commit, milliseconds.';

-- Down Migration

drop table follow_minute;
alter table captured_day drop column noted_at;
alter table change_queue drop column noted_at;
