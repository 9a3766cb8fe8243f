-- In a repair: the pairs and days of marked days and users.
--! reads: batch_day, batch_user, user_key, pair_day
--! before: pair
--! writes: changed_pair_day
--! grain: u1_key, u2_key, day
--! runs: repair
--! spread: by_user
with marked_pair as (
  select pair.u1_key, pair.u2_key, pair.first_day
  from batch_user
  join user_key on user_key.user_id = batch_user.user_id
  join pair on pair.u1_key = user_key.user_key
  union
  select pair.u1_key, pair.u2_key, pair.first_day
  from batch_user
  join user_key on user_key.user_id = batch_user.user_id
  join pair on pair.u2_key = user_key.user_key
)
select suspect.u1_key, suspect.u2_key, suspect.day, null::integer as tap_count, null::timestamptz, null::timestamptz
from (
  select pair_day.u1_key, pair_day.u2_key, pair_day.day
  from batch_day
  join pair_day on pair_day.day = batch_day.day
  where batch_day.forced
  union
  select marked_pair.u1_key, marked_pair.u2_key, marked_pair.first_day from marked_pair
  union
  select pair_day.u1_key, pair_day.u2_key, pair_day.day
  from marked_pair
  join pair_day on pair_day.u1_key = marked_pair.u1_key and pair_day.u2_key = marked_pair.u2_key
) as suspect
