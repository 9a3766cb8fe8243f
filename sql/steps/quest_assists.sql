-- Metric assists: the first tap of two users counts 1 for whoever had been connected to both on an earlier day.
-- What may be a triangle is many times what is one: the planner would sort it all for a merge, or remember lists of friends
-- and compare each with each.
--! reads: quest_scope, pair, friend
--! writes: quest_event
--! grain: metric, user_key, tapped_at
--! avoid: mergejoin, memoize
with added as (
  insert into quest_event (metric, user_key, day, tapped_at, amount)
  select quest_scope.metric, quest_scope.user_key, pair.first_day, pair.first_tap_at, 1
  from quest_scope
  join friend as side1 on side1.user_key = quest_scope.user_key
  -- An equation, not a range: so the planner may hash pairs by end and week.
  join pair
    on pair.u1_key = side1.friend_key
    and week_number(pair.first_day) = quest_scope.week
    and side1.first_day < pair.first_day
  join friend as side2
    on side2.user_key = quest_scope.user_key
    and side2.friend_key = pair.u2_key
    and side2.first_day < pair.first_day
  where quest_scope.metric = 'assists'
  returning 1
)
select count(*)::integer as inserted, 0 as updated, 0 as deleted from added
