-- One row per user and active day. Where only a few of a day's users are in question, their own pairs are looked up; of
-- other days everybody is counted, whose pairs are read anyway. A pair's first day that moves changes two days of both
-- its users. A pair may have tapped on the date before its first tap's, where a clock was set back over midnight, and
-- on the one after its latest tap's.
-- What it means: docs/semantics.md#days.
--! reads: user_day_scope, changed_pair_day, changed_pair, user_key, pair_day, pair
--! writes: user_day_activity
--! grain: user_id, day
--! values: tap_count, first_degree_new_count
--! order: day, user_id
--! params: is_later
--! spread: by_user
with whole_day as (
  select day from user_day_scope where user_key is null
), own_day as (
  select user_day_scope.user_key, user_day_scope.user_id, user_day_scope.day
  from user_day_scope
  left join whole_day on whole_day.day = user_day_scope.day
  where user_day_scope.user_key is not null and whole_day.day is null
), counted as (
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
    from whole_day
    join pair_day on pair_day.day = whole_day.day
    union all
    select unnest(array[pair.u1_key, pair.u2_key]), pair.first_day, 0, 1
    from whole_day
    join pair on pair.first_day = whole_day.day
  ) as tapper
  group by tapper.user_key, tapper.day
), own_pair as (
  select own_day.user_id, own_day.day, pair.u1_key, pair.u2_key, pair.first_day
  from own_day
  join pair on pair.u1_key = own_day.user_key and own_day.day between pair.first_day - 1 and pair.last_day + 1
  union all
  select own_day.user_id, own_day.day, pair.u1_key, pair.u2_key, pair.first_day
  from own_day
  join pair on pair.u2_key = own_day.user_key and own_day.day between pair.first_day - 1 and pair.last_day + 1
)
select known_user.user_id, counted.day, counted.tap_count, counted.first_degree_new_count
from counted
join (
  -- Not read where no whole day is counted.
  select own_user.user_key, own_user.user_id from own_user where exists (select 1 from whole_day)
) as known_user on known_user.user_key = counted.user_key
union all
select
  own_pair.user_id,
  own_pair.day,
  sum(known.tap_count)::integer,
  (count(*) filter (where own_pair.first_day = own_pair.day))::integer
from own_pair
cross join lateral (
  -- With an offset the planner looks each pair up, and does not join all days there are.
  select pair_day.tap_count
  from pair_day
  where pair_day.u1_key = own_pair.u1_key
    and pair_day.u2_key = own_pair.u2_key
    and pair_day.day = own_pair.day
  offset 0
) as known
group by own_pair.user_id, own_pair.day
--: stored
from user_day_scope
join user_day_activity as stored on stored.day = user_day_scope.day
where user_day_scope.user_key is null
--: stored
from (
  select own_day.user_id, own_day.day
  from user_day_scope as own_day
  left join user_day_scope as whole_day on whole_day.day = own_day.day and whole_day.user_key is null
  where own_day.user_key is not null and whole_day.day is null
) as own_day
join user_day_activity as stored on stored.user_id = own_day.user_id and stored.day = own_day.day
--: noted changed_user_day
select stage.user_id, stage.day, stage.is_stored, stage.is_wanted from stage
union all
-- Days of a user on which something of a pair's is not as it was, even if it is only a time. On days that all come
-- after those that were known before ($1), whoever tapped has a new row.
select own_user.user_id, touched.day, true, true
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
join own_user on own_user.user_key = touched.user_key
left join stage on stage.user_id = own_user.user_id and stage.day = touched.day
where stage.user_id is null and not $1::boolean
