-- When the targets that were reached were reached. Every event counts 1, so it is with the one that comes at the
-- target's place in the order of time: of two at the same instant either will do. Of a day's quest, the first day to
-- reach it counts; of a streak, the first tap of its day, or of the day beside it if that day began out of turn.
--! reads: quest_done, quest_event, quest_done_event
--! writes: quest_completed
--! grain: quest_id, user_key, week
--! avoid: mergejoin
--! spread: by_user
with event as not materialized (
  select metric, user_key, week, day, tapped_at from quest_event
  union all
  select metric, user_key, week, day, tapped_at from quest_done_event
), numbered as (
  select
    quest_done.quest_id,
    quest_done.user_key,
    quest_done.week,
    quest_done.target,
    event.tapped_at,
    row_number() over (
      partition by
        quest_done.user_key,
        quest_done.week,
        quest_done.quest_id,
        case when quest_done.is_by_day then event.day end
      order by event.tapped_at
    ) as place
  from quest_done
  join event
    on event.metric = quest_done.metric
    and event.user_key = quest_done.user_key
    and event.week = quest_done.week
    and event.day >= quest_done.from_day
)
select numbered.quest_id, numbered.user_key, numbered.week, min(numbered.tapped_at) as completed_at
from numbered
where numbered.place = numbered.target
group by numbered.quest_id, numbered.user_key, numbered.week
union all
select
  quest_done.quest_id,
  quest_done.user_key,
  quest_done.week,
  case when quest_done.target > 1
    then greatest(reached.tapped_at, beside.tapped_at)
    else least(reached.tapped_at, beside.tapped_at)
  end
from quest_done
join quest_done_event as reached
  on reached.metric = 'active_days'
  and reached.user_key = quest_done.user_key
  and reached.day = quest_done.reached_day
left join quest_done_event as beside
  on beside.metric = 'active_days'
  and beside.user_key = quest_done.user_key
  and beside.day = quest_done.beside_day
where quest_done.metric = 'streak_days'
