-- Days with taps of users who are not in users, so that the days are known when one is added.
--! reads: batch_tap, batch_day
--! writes: unknown_user_day
--! grain: day, user_hash
--! values: is_known
select distinct
  batch_tap.day,
  uuid_hash_extended(side.user_id, 0) as user_hash,
  side.is_known
from batch_tap
cross join lateral (
  values (batch_tap.u1, batch_tap.unknown_sides = 2), (batch_tap.u2, batch_tap.unknown_sides = 1)
) as side (user_id, is_known)
where batch_tap.ignored_because = 'unknown user'
--: stored
from unknown_user_day as stored
join batch_day on batch_day.day = stored.day
