-- When the targets that were reached were reached: by the events in the order of their taps. Only what reached its
-- target needs that order. Of a day's quest, the first day to reach it counts.
--! reads: quest_total, quest_event, quest_rule
--! writes: quest_completed
--! grain: quest_id, user_key, week
with done as (
  select
    quest_total.quest_id,
    quest_total.user_key,
    quest_total.week,
    quest_total.from_day,
    case quest_rule.quest_window when 'day' then quest_total.from_day else week_start(quest_total.week) + 6 end as to_day,
    quest_rule.metric,
    quest_rule.target
  from quest_total
  join quest_rule on quest_rule.quest_id = quest_total.quest_id
  where quest_total.is_completed
), counted as (
  select
    done.quest_id,
    done.user_key,
    done.week,
    done.target,
    quest_event.tapped_at,
    case
      when done.metric = 'streak_days' then quest_event.amount
      -- Taps at the same instant are reached together: the frame is by value.
      else sum(quest_event.amount) over (
        partition by done.quest_id, done.user_key, done.from_day order by quest_event.tapped_at
      )
    end as reached
  from done
  join quest_event
    on quest_event.metric = done.metric
    and quest_event.user_key = done.user_key
    and quest_event.week = done.week
    and quest_event.day between done.from_day and done.to_day
)
select counted.quest_id, counted.user_key, counted.week, min(counted.tapped_at) as completed_at
from counted
where counted.reached >= counted.target
group by counted.quest_id, counted.user_key, counted.week
