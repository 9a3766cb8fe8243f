-- What every pair did on the verified days. Stale days are reported separately.
--! table: pair_day
--! says: pairs of the verified days, from the source
--! key: u1, u2, day
--! compared: tap_count, first_tap_at, last_tap_at
--! mark_day: day
--: expected
select
  source_pair_day.u1,
  source_pair_day.u2,
  source_pair_day.day,
  source_pair_day.tap_count,
  source_pair_day.first_tap_at,
  source_pair_day.last_tap_at
from source_pair_day
join verify_day on verify_day.day = source_pair_day.day and not verify_day.is_stale
where source_pair_day.ignored_because is null
--: stored
select
  user1.user_id as u1,
  user2.user_id as u2,
  pair_day.day,
  pair_day.tap_count,
  pair_day.first_tap_at,
  pair_day.last_tap_at
from verify_day
join pair_day on pair_day.day = verify_day.day
join user_key as user1 on user1.user_key = pair_day.u1_key
join user_key as user2 on user2.user_key = pair_day.u2_key
where not verify_day.is_stale
