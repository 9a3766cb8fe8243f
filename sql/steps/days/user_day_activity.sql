-- One row per user and active day. All users of a day in question are counted: its pairs are read anyway. A pair's
-- first day that moves changes two days of both its users.
-- What it means: docs/semantics.md#days.
--! reads: user_day_scope, changed_pair_day, changed_pair, user_key, pair_day, pair
--! writes: user_day_activity
--! grain: user_id, day
--! values: tap_count, first_degree_new_count
--! order: day, user_id
with tapped as (
  select
    pair_day.u1_key,
    pair_day.u2_key,
    pair_day.day,
    pair_day.tap_count,
    (pair.first_day = pair_day.day)::integer as is_new
  from user_day_scope
  join pair_day on pair_day.day = user_day_scope.day
  join pair on pair.u1_key = pair_day.u1_key and pair.u2_key = pair_day.u2_key
), counted as (
  select
    tapper.user_key,
    tapper.day,
    sum(tapper.tap_count)::integer as tap_count,
    sum(tapper.is_new)::integer as first_degree_new_count
  from (
    select u1_key as user_key, day, tap_count, is_new from tapped
    union all
    select u2_key, day, tap_count, is_new from tapped
  ) as tapper
  group by tapper.user_key, tapper.day
)
select user_key.user_id, counted.day, counted.tap_count, counted.first_degree_new_count
from counted
join user_key on user_key.user_key = counted.user_key
--: stored
from user_day_scope
join user_day_activity as stored on stored.day = user_day_scope.day
--: noted changed_user_day
select stage.user_id, stage.day, stage.is_stored, stage.is_wanted from stage
union all
-- Days of a user on which something of a pair's is not as it was, even if it is only a time.
select user_key.user_id, touched.day, true, true
from (
  select u1_key as user_key, day from changed_pair_day
  union
  select u2_key, day from changed_pair_day
  union
  select unnest(array[u1_key, u2_key]), unnest(array[old_first_day, old_first_day]) from changed_pair
  where old_first_day <> new_first_day
  union
  select unnest(array[u1_key, u2_key]), unnest(array[new_first_day, new_first_day]) from changed_pair
  where old_first_day <> new_first_day
) as touched
join user_key on user_key.user_key = touched.user_key
left join stage on stage.user_id = user_key.user_id and stage.day = touched.day
where stage.user_id is null
