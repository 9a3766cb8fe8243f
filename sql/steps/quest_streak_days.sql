-- Metric streak_days: with the first tap of a day the running streak has the length that it has that day. The only
-- metric that is a level and not a sum.
--! reads: quest_scope, quest_pair_day, activity_run
--! writes: quest_event
--! grain: metric, user_key, day
with first_tap as (
  select quest_pair_day.user_key, quest_pair_day.day, min(quest_pair_day.first_tap_at) as tapped_at
  from quest_scope
  join quest_pair_day
    on quest_pair_day.user_key = quest_scope.user_key
    and week_number(quest_pair_day.day) = quest_scope.week
  where quest_scope.metric = 'streak_days'
  group by quest_pair_day.user_key, quest_pair_day.day
), added as (
  insert into quest_event (metric, user_key, day, tapped_at, amount)
  select
    'streak_days',
    first_tap.user_key,
    first_tap.day,
    first_tap.tapped_at,
    first_tap.day - activity_run.started_on + 1
  from first_tap
  join activity_run
    on activity_run.user_key = first_tap.user_key
    and first_tap.day between activity_run.started_on and activity_run.ended_on
  returning 1
)
select count(*)::integer as inserted, 0 as updated, 0 as deleted from added
