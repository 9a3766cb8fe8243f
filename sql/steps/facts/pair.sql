-- First and latest tap of the pairs whose days changed, from all their days. Read it as connection.
--! reads: changed_pair_day, pair_day
--! writes: pair
--! grain: u1_key, u2_key
--! values: first_tap_at, first_day, last_tap_at, last_day, tap_count
select
  pair_day.u1_key,
  pair_day.u2_key,
  min(pair_day.first_tap_at) as first_tap_at,
  min(pair_day.day) as first_day,
  max(pair_day.last_tap_at) as last_tap_at,
  max(pair_day.day) as last_day,
  sum(pair_day.tap_count)::integer as tap_count
from (select distinct u1_key, u2_key from changed_pair_day) as changed
join pair_day on pair_day.u1_key = changed.u1_key and pair_day.u2_key = changed.u2_key
group by pair_day.u1_key, pair_day.u2_key
--: stored
from (select distinct u1_key, u2_key from changed_pair_day) as changed
join pair as stored on stored.u1_key = changed.u1_key and stored.u2_key = changed.u2_key
--: noted changed_pair
select stage.u1_key, stage.u2_key, stage.old_first_day, stage.first_day
from stage
where (stage.old_first_day, stage.old_first_tap_at) is distinct from (stage.first_day, stage.first_tap_at)
