-- What each user counts in each quest of a week: the best of its windows.
--! reads: quest_figure, quest_week
--! writes: quest_total
--! grain: quest_id, user_key, week
--! spread: by_user
select total.quest_id, total.user_key, total.week, total.reached, total.target, total.reached >= total.target as is_completed
from (
  select
    quest_week.quest_id,
    quest_figure.user_key,
    quest_figure.week,
    case quest_week.quest_window
      when 'day' then quest_figure.on_best_day
      when 'weekend' then quest_figure.on_weekend
      else quest_figure.in_week
    end as reached,
    quest_week.target
  from quest_figure
  join quest_week on quest_week.metric = quest_figure.metric and quest_week.week = quest_figure.week
) as total
where total.reached > 0
