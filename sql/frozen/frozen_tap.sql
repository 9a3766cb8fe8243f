-- What stands in for the taps of the batch's frozen days: what their pairs are known to have done, without the people
-- who left users.
-- What it means: docs/semantics.md#frozen-days.
--! reads: batch_day, app_user
--! before: pair_day, user_key
--! writes: batch_tap
--! grain: day, u1, u2
--! runs: frozen
select
  pair_day.day,
  null::text as ignored_because,
  known1.id as u1,
  known2.id as u2,
  null::integer as unknown_sides,
  pair_day.tap_count,
  pair_day.first_tap_at,
  pair_day.last_tap_at,
  0::numeric as tap_digest
from batch_day
join pair_day on pair_day.day = batch_day.day
join user_key as key1 on key1.user_key = pair_day.u1_key
join user_key as key2 on key2.user_key = pair_day.u2_key
join app_user as known1 on known1.id = key1.user_id
join app_user as known2 on known2.id = key2.user_id
where batch_day.is_frozen
