-- Up Migration

create table change_queue (
  change_id bigint generated always as identity primary key,
  utc_day date,
  user_id uuid,
  is_everything boolean not null default false,
  check (num_nonnulls(utc_day, user_id) = 1 or is_everything)
);
comment on table change_queue is 'What the triggers of capture saw: a row per statement of the application and day or user that it touched. Only ever appended to, so that writers never wait for each other; each run empties it into captured_day.';
comment on sequence change_queue_change_id_seq is 'Numbers the rows of change_queue; only the application''s writes advance it.';
comment on column change_queue.change_id is 'Makes the row unique; its order means nothing.';
comment on column change_queue.utc_day is 'UTC date of a tap that was inserted, edited (before and after) or deleted.';
comment on column change_queue.user_id is 'A user that was added or deleted.';
comment on column change_queue.is_everything is 'A table was truncated: every day has to be looked at.';

create table captured_day (
  day date primary key
);
comment on table captured_day is 'Local days whose taps may have changed since they were derived: the change queue, boiled down. A run compares their digests and strikes them off.';
comment on column captured_day.day is 'A local calendar date in the zone.';

create table unknown_user_day (
  day date not null,
  user_hash bigint not null,
  primary key (day, user_hash)
);
create index unknown_user_day_user_hash on unknown_user_day (user_hash);
comment on table unknown_user_day is 'Which processed days have taps that were ignored for a user who is not in users: should such a user be added, these days are stale.';
comment on column unknown_user_day.day is 'A processed day.';
comment on column unknown_user_day.user_hash is 'uuid_hash_extended of an id of such a tap: enough to find it again, and nothing of an erased user.';
comment on index unknown_user_day_user_hash is 'The days of a user who is added.';

-- Down Migration

drop table unknown_user_day;
drop table captured_day;
drop table change_queue;
