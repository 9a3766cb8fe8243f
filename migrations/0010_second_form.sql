-- Up Migration

create table derived_step (
  step text primary key,
  digest text not null
);
comment on table derived_step is 'With which SQL each step''s table was derived: a step whose digest is another one derives its table again, and nothing else does but what follows from the rows that change thereby.';
comment on column derived_step.step is 'The step: the name of its file in sql/steps, without .sql.';
comment on column derived_step.digest is 'SHA-256 of the step''s SQL and of that of the steps that prepare it, without comments and layout.';
comment on column processed_day.steps_sha256 is 'A digest of the steps that read the application''s taps: a day that was derived by others is stale.';

create function iso_week_number(year integer, iso_week integer) returns integer
language sql immutable parallel safe
return (make_date(year, 1, 4) - date '0001-01-01') / 7 + iso_week - 1;
comment on function iso_week_number(integer, integer) is 'The week_number of an ISO year and week: 4 January is always in week 1.';

-- The end of a date can come twice (St. John's until 2011: from 00:01 back to 23:01): then two hours begin at one moment.
alter table area_hour drop constraint area_hour_pkey;
alter table area_hour add primary key (geohash5, starts_at, slot);
comment on column area_hour.starts_at is 'When the local clock hour began, counted back from its taps. The hour that a clock set back shows twice is two hours.';
comment on column area_hour.slot is 'The hour of the week on the local clock that its taps saw: 0 is Monday 00:00, 167 Sunday 23:00.';

-- An hour between two flagged ones only bridges them, so what is expected of it is no longer kept. All hours are judged again by the next run.
truncate surge_hour;
alter table surge_hour drop constraint surge_hour_pkey;
alter table surge_hour drop column next_expected_taps;
alter table surge_hour add column slot smallint not null;
alter table surge_hour add column day date not null;
alter table surge_hour add primary key (geohash5, starts_at, slot);
create index surge_hour_day on surge_hour (day);
comment on column surge_hour.slot is 'Its hour of the week, as in area_hour.';
comment on column surge_hour.day is 'Its local date.';
comment on index surge_hour_day is 'The flagged hours of a day.';
comment on column surge_windows.expected_taps is 'The taps that the baseline of the eight weeks before says for the window''s flagged hours.';
comment on column surge_windows.tap_count is 'The taps of the window''s flagged hours; an hour between two of them only bridges.';
comment on column surge_windows.unique_users is 'Distinct users of the window''s flagged hours, five or more.';

-- Down Migration

drop index surge_hour_day;
truncate surge_hour;
alter table surge_hour drop constraint surge_hour_pkey;
alter table surge_hour drop column day;
alter table surge_hour drop column slot;
alter table surge_hour add column next_expected_taps numeric not null check (next_expected_taps > 0);
alter table surge_hour add primary key (geohash5, starts_at);
truncate area_hour;
alter table area_hour drop constraint area_hour_pkey;
alter table area_hour add primary key (geohash5, starts_at);
drop function iso_week_number(integer, integer);
drop table derived_step;
update processed_day set steps_sha256 = 'none';
