-- Empties the change queue and notes the local days that it is about. $1 zone. One row: whether all days may have
-- changed. The days of a deleted user are those of their pairs; of an added one, those on which they were a stranger.
with drained as (
  delete from change_queue
  returning utc_day, user_id, is_everything, noted_at
), touched_user as (
  select distinct drained.user_id from drained where drained.user_id is not null
), touched_pair as (
  select pair.u1_key, pair.u2_key
  from touched_user
  join user_key on user_key.user_id = touched_user.user_id
  join pair on pair.u1_key = user_key.user_key
  union
  select pair.u1_key, pair.u2_key
  from touched_user
  join user_key on user_key.user_id = touched_user.user_id
  join pair on pair.u2_key = user_key.user_key
), touched_day as (
  -- A UTC date is at most two local dates, three where a whole date came twice. Days are those of the years 1 to 9999;
  -- what is far beyond them comes just beyond them, where a local time can be told in any zone.
  select (moment.moment at time zone $1::text)::date as day
  from (
    select distinct least(greatest(drained.utc_day, date '0002-01-01 BC'), date '10001-12-31') as utc_day
    from drained
    where drained.utc_day is not null
  ) as utc
  cross join lateral (
    values
      (utc.utc_day::timestamp at time zone 'UTC'),
      ((utc.utc_day::timestamp + interval '6 hours') at time zone 'UTC'),
      ((utc.utc_day::timestamp + interval '12 hours') at time zone 'UTC'),
      ((utc.utc_day::timestamp + interval '18 hours') at time zone 'UTC'),
      ((utc.utc_day + 1)::timestamp at time zone 'UTC' - interval '1 microsecond')
  ) as moment (moment)
  union
  select pair_day.day
  from touched_pair
  join pair_day on pair_day.u1_key = touched_pair.u1_key and pair_day.u2_key = touched_pair.u2_key
  union
  select unknown_user_day.day
  from touched_user
  join unknown_user_day on unknown_user_day.user_hash = uuid_hash_extended(touched_user.user_id, 0)
), noted as (
  insert into captured_day (day, noted_at)
  select touched_day.day, (select min(drained.noted_at) from drained)
  from touched_day
  on conflict (day) do nothing
  returning 1
)
select
  (select count(*) from drained)::integer as drained,
  coalesce((select bool_or(drained.is_everything) from drained), false) as is_everything
