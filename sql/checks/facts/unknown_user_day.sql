-- The users, known and unknown, in taps with an unknown user on the verified days; no row for a day that is not
-- processed. Stale days are reported separately.
--! table: unknown_user_day
--! says: days with taps of unknown users, from the source
--! key: day, user_hash
--! compared: is_known
--! mark_day: day
--! mark_user: nobody
--: expected
select distinct
  source_pair_day.day,
  uuid_hash_extended(side.user_id, 0) as user_hash,
  side.is_known
from source_pair_day
join verify_day on verify_day.day = source_pair_day.day and not verify_day.is_stale
cross join lateral (
  values (source_pair_day.u1, source_pair_day.unknown_sides = 2), (source_pair_day.u2, source_pair_day.unknown_sides = 1)
) as side (user_id, is_known)
where source_pair_day.ignored_because = 'unknown user'
--: stored
select unknown_user_day.day, unknown_user_day.user_hash, unknown_user_day.is_known
from verify_day
join unknown_user_day on unknown_user_day.day = verify_day.day
where not verify_day.is_stale
union all
select unknown_user_day.day, unknown_user_day.user_hash, unknown_user_day.is_known
from verify_clock
join unknown_user_day on verify_clock.is_full
where unknown_user_day.day not in (select verify_calendar.day from verify_calendar)
