-- The tables of days, connections, streaks, weeks and ties from CSV files, as the reference makes them in Postgres.
create table users as select id from read_csv('USERS', header = true, columns = {'id': 'uuid'});

create table tap as
select tap.id1, tap.id2, tap.time
from read_csv('TAPS', header = true, columns = {'id1': 'uuid', 'id2': 'uuid', 'time': 'timestamptz'}) as tap
join users as one on one.id = tap.id1
join users as other on other.id = tap.id2
where tap.id1 <> tap.id2;

create table pair_day as
select
  least(id1, id2) as u1,
  greatest(id1, id2) as u2,
  cast(time as date) as day,
  cast(count(*) as integer) as tap_count,
  min(time) as first_tap_at,
  max(time) as last_tap_at
from tap
group by 1, 2, 3;

create table pair as
select
  u1,
  u2,
  min(first_tap_at) as first_tap_at,
  min(day) as first_day,
  max(last_tap_at) as last_tap_at,
  max(day) as last_day,
  cast(sum(tap_count) as integer) as tap_count
from pair_day
group by u1, u2;

create table user_day_activity as
select
  user_id,
  day,
  cast(sum(tap_count) as integer) as tap_count,
  cast(sum(is_new) as integer) as first_degree_new_count
from (
  select unnest([u1, u2]) as user_id, pair_day.day, pair_day.tap_count, cast(pair.first_day = pair_day.day as integer) as is_new
  from pair_day
  join pair using (u1, u2)
) as seen
group by user_id, day;

create table activity_run as
select user_id, min(day) as started_on, max(day) as ended_on
from (
  select user_id, day, day - cast(row_number() over (partition by user_id order by day) as integer) as island
  from user_day_activity
) as dated
group by user_id, island;

create table user_streaks as
select
  run.user_id,
  case when max(run.ended_on) = (select max(day) from pair_day) then cast(arg_max(run.ended_on - run.started_on + 1, run.ended_on) as integer) else 0 end
    as current_streak_days,
  cast(max(run.ended_on - run.started_on + 1) as integer) as longest_streak_days,
  max(run.ended_on) as last_active_day,
  arg_max(run.started_on, run.ended_on) as streak_started_on,
  any_value(seen.last_tap_at) as last_tap_at
from activity_run as run
join (
  select user_id, max(last_tap_at) as last_tap_at
  from (select unnest([u1, u2]) as user_id, last_tap_at from pair) as ends
  group by user_id
) as seen using (user_id)
group by run.user_id;

create table user_week_activity as
select
  user_id,
  cast(isoyear(day) as smallint) as year,
  cast(week(day) as smallint) as iso_week,
  cast(sum(tap_count) as integer) as tap_count,
  cast(sum(first_degree_new_count) as integer) as first_degree_new_count
from user_day_activity
group by 1, 2, 3;

create table edge_strength as
select
  u1,
  u2,
  cast(sum(tap_count) as integer) as taps_90d,
  max(last_tap_at) as last_tap_at,
  cast(0.6 * ln(1 + sum(tap_count)) + 0.4 * exp(((select max(day) from pair_day) - max(day)) / -21.0) as float) as strength_f32
from pair_day
where day > (select max(day) from pair_day) - 90
group by u1, u2;
