-- Private rows belong to a user with a key and to a processed day. Rows that belong to nobody are marked with the nil
-- user: the next run removes all of them.
--! table: pair_day
--! says: private rows have a user and a processed day
with known_key as (
  select user_key.user_key from user_key
), keyless as (
  select
    format('pair_day: u1_key %s, u2_key %s, day %s', pair_day.u1_key, pair_day.u2_key, pair_day.day) as key,
    pair_day.day
  from pair_day
  left join known_key as key1 on key1.user_key = pair_day.u1_key
  left join known_key as key2 on key2.user_key = pair_day.u2_key
  left join processed_day on processed_day.day = pair_day.day
  where key1.user_key is null
    or key2.user_key is null
    or processed_day.day is null
  union all
  select format('pair: u1_key %s, u2_key %s', pair.u1_key, pair.u2_key), null
  from pair
  left join known_key as key1 on key1.user_key = pair.u1_key
  left join known_key as key2 on key2.user_key = pair.u2_key
  where key1.user_key is null
    or key2.user_key is null
  union all
  select format('activity_run: user_key %s, ended_on %s', activity_run.user_key, activity_run.ended_on), null
  from activity_run
  left join known_key on known_key.user_key = activity_run.user_key
  where known_key.user_key is null
  union all
  select format('second_degree: user_key %s', second_degree.user_key), null
  from second_degree
  left join known_key on known_key.user_key = second_degree.user_key
  where known_key.user_key is null
  union all
  select
    format('pair_day_tap: u1_key %s, u2_key %s, day %s', pair_day_tap.u1_key, pair_day_tap.u2_key, pair_day_tap.day),
    pair_day_tap.day
  from pair_day_tap
  left join pair_day
    on pair_day.u1_key = pair_day_tap.u1_key
    and pair_day.u2_key = pair_day_tap.u2_key
    and pair_day.day = pair_day_tap.day
    and pair_day.tap_count = cardinality(pair_day_tap.tapped_at) + 2
  where pair_day.day is null
  union all
  select
    format('user_cell_day: user_key %s, geohash5 %s, day %s', user_cell_day.user_key, user_cell_day.geohash5, user_cell_day.day),
    user_cell_day.day
  from user_cell_day
  left join known_key on known_key.user_key = user_cell_day.user_key
  left join processed_day on processed_day.day = user_cell_day.day
  where known_key.user_key is null
    or processed_day.day is null
  union all
  select format('user_cell: user_key %s, geohash5 %s', user_cell.user_key, user_cell.geohash5), null
  from user_cell
  left join known_key on known_key.user_key = user_cell.user_key
  where known_key.user_key is null
  union all
  select format('area_hour: geohash5 %s, starts_at %s', area_hour.geohash5, area_hour.starts_at), area_hour.day
  from area_hour
  left join processed_day on processed_day.day = area_hour.day
  where processed_day.day is null
)
select
  keyless.key,
  null::uuid as user_id,
  null::uuid as other_id,
  keyless.day,
  'row' as column_name,
  'there' as stored,
  'no row' as expected,
  processed_day.day as mark_day,
  uuid '00000000-0000-0000-0000-000000000000' as mark_user
from keyless
left join processed_day on processed_day.day = keyless.day
