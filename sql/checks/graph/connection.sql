-- First and latest tap of every pair of the verified users. A missing pair is named in a finding only by
-- a day of theirs.
--! table: connection
--! says: first and latest tap of every pair, recomputed
--! key: u1, u2
--! compared: first_tap_at, first_day, last_tap_at, last_day, tap_count
--! mark_day: case when stored.u1 is null then expected.first_day end
--! mark_user: u1
--: expected
select
  expected_pair.u1,
  expected_pair.u2,
  expected_pair.first_tap_at,
  expected_pair.first_day,
  expected_pair.last_tap_at,
  expected_pair.last_day,
  expected_pair.tap_count
from expected_pair
where expected_pair.u1 in (select verify_user.user_id from verify_user)
  or expected_pair.u2 in (select verify_user.user_id from verify_user)
--: stored
with own_key as (
  select user_key.user_key
  from verify_user
  join user_key on user_key.user_id = verify_user.user_id
), own_pair as (
  select pair.u1_key, pair.u2_key
  from own_key
  join pair on pair.u1_key = own_key.user_key
  union
  select pair.u1_key, pair.u2_key
  from own_key
  join pair on pair.u2_key = own_key.user_key
)
select
  user1.user_id as u1,
  user2.user_id as u2,
  pair.first_tap_at,
  pair.first_day,
  pair.last_tap_at,
  pair.last_day,
  pair.tap_count
from own_pair
join pair on pair.u1_key = own_pair.u1_key and pair.u2_key = own_pair.u2_key
join user_key as user1 on user1.user_key = pair.u1_key
join user_key as user2 on user2.user_key = pair.u2_key
