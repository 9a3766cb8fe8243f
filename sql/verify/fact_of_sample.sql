-- The days of the sampled users' pairs, from the stored facts, which are compared with the source by day.
with sampled_pair as (
  select pair.u1_key, pair.u2_key
  from verify_user
  join user_key on user_key.user_id = verify_user.user_id
  join pair on pair.u1_key = user_key.user_key
  union
  select pair.u1_key, pair.u2_key
  from verify_user
  join user_key on user_key.user_id = verify_user.user_id
  join pair on pair.u2_key = user_key.user_key
)
insert into fact (u1, u2, day, tap_count, first_tap_at, last_tap_at, tapped_at)
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
from sampled_pair
join pair_day on pair_day.u1_key = sampled_pair.u1_key and pair_day.u2_key = sampled_pair.u2_key
left join pair_day_tap
  on pair_day_tap.u1_key = pair_day.u1_key
  and pair_day_tap.u2_key = pair_day.u2_key
  and pair_day_tap.day = pair_day.day
join user_key as user1 on user1.user_key = sampled_pair.u1_key
join user_key as user2 on user2.user_key = sampled_pair.u2_key
