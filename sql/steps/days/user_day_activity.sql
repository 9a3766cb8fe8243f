-- One row per user and active day. All users of a day in question are counted: its pairs are read anyway. A pair's
-- first day that moves changes two days of both its users.
-- What it means: docs/semantics.md#days.
--! reads: user_day_scope, changed_pair_day, changed_pair, user_key, pair_day, pair
--! writes: user_day_activity
--! grain: user_id, day
--! values: tap_count, first_degree_new_count
--! order: day, user_id
--! params: is_later
with counted as (
  select
    tapper.user_key,
    tapper.day,
    sum(tapper.tap_count)::integer as tap_count,
    sum(tapper.new_count)::integer as first_degree_new_count
  from (
    select
      unnest(array[pair_day.u1_key, pair_day.u2_key]) as user_key,
      pair_day.day,
      pair_day.tap_count,
      0 as new_count
    from user_day_scope
    join pair_day on pair_day.day = user_day_scope.day
    union all
    select unnest(array[pair.u1_key, pair.u2_key]), pair.first_day, 0, 1
    from user_day_scope
    join pair on pair.first_day = user_day_scope.day
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
-- Days of a user on which something of a pair's is not as it was, even if it is only a time. On days that all come
-- after those that were known before ($1), whoever tapped has a new row.
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
where stage.user_id is null and not $1::boolean
--: slice pair_day
pair_day.day in (select user_day_scope.day from user_day_scope)
--: slice pair
pair.first_day in (select user_day_scope.day from user_day_scope)
--: slice user_day_activity
user_day_activity.day in (select user_day_scope.day from user_day_scope)
