-- Who is counted again, and on which day: whoever tapped otherwise, or met somebody for the first time, or no longer
-- did. Where that is more than one in a hundred of a day's taps, everybody on that day is (a row without a user): then
-- it is cheaper to read the day than to look each of them up. A few are looked up even if the day is small.
--! reads: changed_pair_day, changed_pair, processed_day, user_key
--! writes: user_day_scope
--! grain: day, user_key
--! spread: by_user
with touched as not materialized (
  select day, u1_key, u2_key from changed_pair_day
  union all
  select old_first_day, u1_key, u2_key from changed_pair
  where old_first_day is distinct from new_first_day and old_first_day is not null
  union all
  select new_first_day, u1_key, u2_key from changed_pair
  where old_first_day is distinct from new_first_day and new_first_day is not null
), touched_day as materialized (
  select
    counted.day,
    counted.pair_count
      > greatest(coalesce(processed_day.tap_count, 0) / 100, least(coalesce(processed_day.tap_count, 0) / 2, 3)) as is_whole
  from (select touched.day, count(*) as pair_count from touched group by touched.day) as counted
  left join processed_day on processed_day.day = counted.day
)
select touched_day.day, null::integer as user_key, null::uuid as user_id
from touched_day
where touched_day.is_whole
union all
select distinct own_day.day, own_day.user_key, own_user.user_id
from (
  select touched.day, unnest(array[touched.u1_key, touched.u2_key]) as user_key
  from touched_day
  join touched on touched.day = touched_day.day
  where not touched_day.is_whole
) as own_day
join own_user on own_user.user_key = own_day.user_key
