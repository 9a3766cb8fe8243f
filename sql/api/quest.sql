-- The quests of a week and the viewer's progress in them; a quest without progress counts 0. $1 user, $2 the week's Monday.
select
  quest_definitions.slug as id,
  quest_definitions.title,
  quest_definitions.description,
  quest_definitions.quest_type as type,
  quest_definitions.requirements ->> 'metric' as metric,
  quest_definitions.requirements ->> 'window' as window,
  trunc((quest_definitions.requirements ->> 'target')::numeric)::integer as target,
  coalesce((user_quest_progress.progress ->> 'count')::integer, 0) as count,
  user_quest_progress.completed_at,
  quest_definitions.rewards::text as rewards
from quest_definitions
left join user_quest_progress
  on user_quest_progress.quest_id = quest_definitions.quest_id
  and user_quest_progress.user_id = $1::uuid
  and user_quest_progress.week_start = $2::date
where quest_definitions.is_active
  and (quest_definitions.active_from is null or quest_definitions.active_from <= $2::date)
  and (quest_definitions.active_until is null or quest_definitions.active_until >= $2::date)
order by quest_definitions.quest_id
