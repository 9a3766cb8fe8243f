-- Metric assists: the first tap of two users counts 1 for whoever had been connected to both on an earlier day.
-- From each connection that was made in a week of the scope, over the earlier friends of one end.
--! reads: quest_scope, pair, friend
--! writes: quest_event
--! grain: metric, user_key, tapped_at
with scope as materialized (
  select quest_scope.user_key, quest_scope.week from quest_scope where quest_scope.metric = 'assists'
), added as (
  insert into quest_event (metric, user_key, day, tapped_at, amount)
  select 'assists', side1.friend_key, pair.first_day, pair.first_tap_at, 1
  from pair
  join friend as side1 on side1.user_key = pair.u1_key and side1.first_day < pair.first_day
  join scope on scope.user_key = side1.friend_key and scope.week = week_number(pair.first_day)
  join friend as side2
    on side2.user_key = pair.u2_key
    and side2.friend_key = side1.friend_key
    and side2.first_day < pair.first_day
  where pair.first_day >= (select week_start(min(scope.week)) from scope)
    and pair.first_day < (select week_start(max(scope.week) + 1) from scope)
  returning 1
)
select count(*)::integer as inserted, 0 as updated, 0 as deleted from added
