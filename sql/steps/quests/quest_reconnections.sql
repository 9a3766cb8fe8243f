-- Metric reconnections: the first tap of a day with a partner counts 1 if the two have tapped before, but not on the 29
-- days before it. Two such days of one pair are 30 days apart, so no window has a partner twice.
-- Of many users the weeks are read by day, of a few their own pairs are; few of these days are looked at one by one.
--! reads: quest_scope, quest_week, pair, pair_day
--! writes: quest_event
--! grain: metric, user_key, tapped_at
--! spread: by_user
with scope as not materialized (
  select quest_scope.user_key, quest_scope.week
  from quest_scope
  where (quest_scope.metrics is null or 'reconnections' = any (quest_scope.metrics))
    and exists (select 1 from quest_week where quest_week.metric = 'reconnections')
), size as (
  select count(*) > 50 * count(distinct week) as is_large from quest_scope
), scope_user as (
  select distinct user_key from scope
), candidate as (
  select week_day.u1_key, week_day.u2_key, scope_week.week, week_day.day, week_day.first_tap_at
  from (select distinct week from scope) as scope_week
  cross join lateral (
    -- With an offset each week is read by its days, and not all days held against each week.
    select pair_day.u1_key, pair_day.u2_key, pair_day.day, pair_day.first_tap_at
    from pair_day
    left join scope_user as one on one.user_key = pair_day.u1_key
    left join scope_user as other on other.user_key = pair_day.u2_key
    where pair_day.day between week_start(scope_week.week) and week_start(scope_week.week) + 6
      and (one.user_key is not null or other.user_key is not null)
    offset 0
  ) as week_day
  join pair
    on pair.u1_key = week_day.u1_key
    and pair.u2_key = week_day.u2_key
    and pair.first_day <= week_day.day - 30
  where (select is_large from size)
  union all
  select own_pair.u1_key, own_pair.u2_key, own_pair.week, own_day.day, own_day.first_tap_at
  from (
    select pair.u1_key, pair.u2_key, pair.first_day, scope.week
    from scope
    join pair on pair.u1_key = scope.user_key
    union
    select pair.u1_key, pair.u2_key, pair.first_day, scope.week
    from scope
    join pair on pair.u2_key = scope.user_key
  ) as own_pair
  cross join lateral (
    -- With an offset the planner looks each pair up, and does not join all days there are.
    select pair_day.day, pair_day.first_tap_at
    from pair_day
    where pair_day.u1_key = own_pair.u1_key
      and pair_day.u2_key = own_pair.u2_key
      and pair_day.day between week_start(own_pair.week) and week_start(own_pair.week) + 6
      and own_pair.first_day <= pair_day.day - 30
    offset 0
  ) as own_day
  where not (select is_large from size)
), look as (
  select count(*) <= 2000 as is_short from candidate
), reconnected as (
  -- Of the days before only those can matter that come at most 29 days before the weeks in question.
  select candidate.u1_key, candidate.u2_key, candidate.week, candidate.day, candidate.first_tap_at
  from candidate
  where not (select is_short from look)
    and not exists (
      select 1
      from pair_day
      where pair_day.u1_key = candidate.u1_key
        and pair_day.u2_key = candidate.u2_key
        and pair_day.day between candidate.day - 29 and candidate.day - 1
        and pair_day.day between (select week_start(min(week)) - 29 from scope) and (select week_start(max(week)) + 6 from scope)
    )
  union all
  select candidate.u1_key, candidate.u2_key, candidate.week, candidate.day, candidate.first_tap_at
  from candidate
  cross join lateral (
    select
      exists (
        select 1
        from pair_day
        where pair_day.u1_key = candidate.u1_key
          and pair_day.u2_key = candidate.u2_key
          and pair_day.day between candidate.day - 29 and candidate.day - 1
      ) as has_tapped
    offset 0
  ) as before
  where (select is_short from look) and not before.has_tapped
)
select 'reconnections' as metric, scope.user_key, scope.week, reconnected.day, reconnected.first_tap_at as tapped_at
from reconnected
join scope on scope.user_key = reconnected.u1_key and scope.week = reconnected.week
union all
select 'reconnections', scope.user_key, scope.week, reconnected.day, reconnected.first_tap_at
from reconnected
join scope on scope.user_key = reconnected.u2_key and scope.week = reconnected.week
