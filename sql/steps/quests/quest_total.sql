-- What each user counts in each window of each quest: a streak is the level that it has reached, everything else a sum.
-- In a table of its own, so that the planner knows how many there are and how few of them reached their target.
--! reads: quest_event, quest_rule
--! writes: quest_total
--! grain: quest_id, user_key, week, from_day
with event as not materialized (
  select
    quest_rule.quest_id,
    quest_rule.target,
    quest_rule.metric = 'streak_days' as is_level,
    quest_event.user_key,
    quest_event.week,
    case quest_rule.quest_window
      when 'day' then quest_event.day
      when 'weekend' then week_start(quest_event.week) + 5
      else week_start(quest_event.week)
    end as from_day,
    quest_event.day,
    quest_event.amount
  from quest_event
  join quest_rule
    on quest_rule.metric = quest_event.metric
    and quest_rule.is_active
    and week_start(quest_event.week) between quest_rule.active_from and quest_rule.active_until
), total as (
  select
    event.quest_id,
    event.target,
    event.user_key,
    event.week,
    event.from_day,
    case when bool_or(event.is_level) then max(event.amount) else sum(event.amount) end as reached
  from event
  where event.day >= event.from_day
  group by event.quest_id, event.target, event.user_key, event.week, event.from_day
)
select
  total.quest_id,
  total.user_key,
  total.week,
  total.from_day,
  total.reached,
  total.reached >= total.target as is_completed
from total
