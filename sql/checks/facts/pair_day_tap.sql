-- The times between the first and the last tap of a pair and day. Stale days are reported separately.
--! table: pair_day_tap
--! says: taps between the first and last of a day, from the source
--! key: u1, u2, day
--! compared: tapped_at
--! mark_day: day
--: expected
select
  many.u1,
  many.u2,
  many.day,
  (array_agg(tap.tapped_at order by tap.tapped_at))[2:many.tap_count - 1] as tapped_at
from source_pair_day as many
join verify_day on verify_day.day = many.day and not verify_day.is_stale
cross join lateral unnest(many.tapped_at) as tap (tapped_at)
where many.ignored_because is null
  and many.tap_count > 2
group by many.u1, many.u2, many.day, many.tap_count
--: stored
select user1.user_id as u1, user2.user_id as u2, pair_day_tap.day, pair_day_tap.tapped_at
from verify_day
join pair_day_tap on pair_day_tap.day = verify_day.day
join user_key as user1 on user1.user_key = pair_day_tap.u1_key
join user_key as user2 on user2.user_key = pair_day_tap.u2_key
where not verify_day.is_stale
