-- Frozen days on which somebody tapped who is no user any more.
with erased as (
  select user_key.user_key
  from user_key
  left join app_user on app_user.id = user_key.user_id
  where app_user.id is null
)
select pair_day.day
from erased
join pair_day on pair_day.u1_key = erased.user_key
join frozen_day on frozen_day.day = pair_day.day
union
select pair_day.day
from erased
join pair on pair.u2_key = erased.user_key
join pair_day on pair_day.u1_key = pair.u1_key and pair_day.u2_key = pair.u2_key
join frozen_day on frozen_day.day = pair_day.day
order by day
