-- Metric active_days: the first tap of a day counts 1.
--! reads: quest_scope, quest_pair_day
--! writes: quest_event
--! grain: metric, user_key, day
with added as (
  insert into quest_event (metric, user_key, day, tapped_at, amount)
  select 'active_days', quest_pair_day.user_key, quest_pair_day.day, min(quest_pair_day.first_tap_at), 1
  from quest_scope
  join quest_pair_day
    on quest_pair_day.user_key = quest_scope.user_key
    and week_number(quest_pair_day.day) = quest_scope.week
  where quest_scope.metric = 'active_days'
  group by quest_pair_day.user_key, quest_pair_day.day
  returning 1
)
select count(*)::integer as inserted, 0 as updated, 0 as deleted from added
