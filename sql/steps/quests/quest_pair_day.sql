-- The pairs of those users and days. Of many all pairs of their weeks are looked at, of a few their own. A pair's first
-- and last day are its first and latest taps'; where a clock was set back over midnight, it tapped a day beside them.
--! reads: quest_done_day, pair, pair_day
--! writes: quest_pair_day
--! grain: user_key, u1_key, u2_key, day
--! spread: by_user
with size as (
  select count(*) > 200 * count(distinct week) as is_large from quest_done_day
), tapped as (
  select
    pair_day.u1_key,
    pair_day.u2_key,
    pair_day.day,
    pair_day.tap_count,
    pair_day.first_tap_at,
    pair_day.last_tap_at
  from (select distinct day from quest_done_day) as done_day
  join pair_day on pair_day.day = done_day.day
  where (select is_large from size)
), own_pair as (
  select quest_done_day.user_key, quest_done_day.day, quest_done_day.is_every_tap, pair.u1_key, pair.u2_key
  from quest_done_day
  join pair
    on pair.u1_key = quest_done_day.user_key
    and quest_done_day.day between pair.first_day - 1 and pair.last_day + 1
  where not (select is_large from size)
  union all
  select quest_done_day.user_key, quest_done_day.day, quest_done_day.is_every_tap, pair.u1_key, pair.u2_key
  from quest_done_day
  join pair
    on pair.u2_key = quest_done_day.user_key
    and quest_done_day.day between pair.first_day - 1 and pair.last_day + 1
  where not (select is_large from size)
)
select
  quest_done_day.user_key,
  tapped.u1_key,
  tapped.u2_key,
  tapped.day,
  tapped.tap_count,
  tapped.first_tap_at,
  tapped.last_tap_at,
  quest_done_day.is_every_tap
from tapped
join quest_done_day on quest_done_day.user_key = tapped.u1_key and quest_done_day.day = tapped.day
union all
select
  quest_done_day.user_key,
  tapped.u1_key,
  tapped.u2_key,
  tapped.day,
  tapped.tap_count,
  tapped.first_tap_at,
  tapped.last_tap_at,
  quest_done_day.is_every_tap
from tapped
join quest_done_day on quest_done_day.user_key = tapped.u2_key and quest_done_day.day = tapped.day
union all
select
  own_pair.user_key,
  own_pair.u1_key,
  own_pair.u2_key,
  own_pair.day,
  own_day.tap_count,
  own_day.first_tap_at,
  own_day.last_tap_at,
  own_pair.is_every_tap
from own_pair
cross join lateral (
  -- With an offset the planner looks each pair up, and does not join all days there are.
  select pair_day.tap_count, pair_day.first_tap_at, pair_day.last_tap_at
  from pair_day
  where pair_day.u1_key = own_pair.u1_key
    and pair_day.u2_key = own_pair.u2_key
    and pair_day.day = own_pair.day
  offset 0
) as own_day
