-- The days of the pairs, from the source. On stale days the stored facts are used, so that a late tap is reported once,
-- as a stale day, and not again for every figure that it will change.
insert into fact (u1, u2, day, tap_count, first_tap_at, last_tap_at, tapped_at)
select
  source_pair_day.u1,
  source_pair_day.u2,
  source_pair_day.day,
  source_pair_day.tap_count,
  source_pair_day.first_tap_at,
  source_pair_day.last_tap_at,
  source_pair_day.tapped_at
from source_pair_day
join verify_day on verify_day.day = source_pair_day.day and not verify_day.is_stale
where source_pair_day.ignored_because is null
union all
select
  user1.user_id,
  user2.user_id,
  pair_day.day,
  pair_day.tap_count,
  pair_day.first_tap_at,
  pair_day.last_tap_at,
  array[pair_day.first_tap_at]
    || pair_day_tap.tapped_at
    || case when pair_day.tap_count > 1 then array[pair_day.last_tap_at] end
from verify_day
join pair_day on pair_day.day = verify_day.day
left join pair_day_tap
  on pair_day_tap.u1_key = pair_day.u1_key
  and pair_day_tap.u2_key = pair_day.u2_key
  and pair_day_tap.day = pair_day.day
join user_key as user1 on user1.user_key = pair_day.u1_key
join user_key as user2 on user2.user_key = pair_day.u2_key
where verify_day.is_stale
