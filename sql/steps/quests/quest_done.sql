-- The targets that were reached: only of these anybody asks when. Of a streak the day on which it was reached follows
-- from the runs: the first that is long enough in the window. A streak needs the day before it as well, and one of a
-- single day may be any: the next, where that began first.
--! reads: quest_total, quest_week, activity_run
--! writes: quest_done
--! grain: quest_id, user_key, week
--! spread: by_user
with done as (
  select
    quest_week.quest_id,
    quest_total.user_key,
    quest_week.week,
    quest_week.metric,
    quest_week.target,
    quest_week.quest_window = 'day' as is_by_day,
    case quest_week.quest_window when 'weekend' then week_start(quest_week.week) + 5 else week_start(quest_week.week) end
      as from_day
  from quest_total
  join quest_week on quest_week.quest_id = quest_total.quest_id and quest_week.week = quest_total.week
  where quest_total.is_completed
), reached as (
  select
    done.quest_id,
    done.user_key,
    done.week,
    done.metric,
    done.target,
    done.is_by_day,
    done.from_day,
    case
      when done.metric = 'streak_days' then (
        select greatest(done.from_day, activity_run.started_on + done.target - 1)
        from activity_run
        where activity_run.user_key = done.user_key
          and activity_run.ended_on >= done.from_day
          and activity_run.ended_on - activity_run.started_on + 1 >= done.target
        order by activity_run.ended_on
        limit 1
      )
    end as reached_day
  from done
)
select
  reached.quest_id,
  reached.user_key,
  reached.week,
  reached.metric,
  reached.target,
  reached.is_by_day,
  reached.from_day,
  reached.reached_day,
  case
    when reached.target > 1 then reached.reached_day - 1
    when reached.metric = 'streak_days' then least(reached.reached_day + 1, week_start(reached.week) + 6)
  end as beside_day
from reached
