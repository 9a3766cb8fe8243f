-- The metrics of which each event counts 1, by window.
--! reads: quest_event
--! writes: quest_figure
--! grain: metric, user_key, week
--! spread: by_user
select
  event_day.metric,
  event_day.user_key,
  event_day.week,
  sum(event_day.event_count)::integer as in_week,
  coalesce(
    sum(event_day.event_count) filter (where event_day.day >= week_start(event_day.week) + 5),
    0
  )::integer as on_weekend,
  max(event_day.event_count)::integer as on_best_day
from (
  select quest_event.metric, quest_event.user_key, quest_event.week, quest_event.day, count(*) as event_count
  from quest_event
  group by quest_event.metric, quest_event.user_key, quest_event.week, quest_event.day
) as event_day
group by event_day.metric, event_day.user_key, event_day.week
