-- Progress of user $2 in the quests that were active in the week that begins on $3, as stored; a row per such quest.
-- $1 as-of day: whether the week has begun by then.
select
  quest_definitions.slug,
  quest_definitions.title,
  quest_definitions.requirements ->> 'metric' as metric,
  (quest_definitions.requirements ->> 'target')::float8 as target,
  quest_definitions.requirements ->> 'window' as span,
  user_quest_progress.progress ->> 'count' as stored_count,
  user_quest_progress.progress ->> 'target' as stored_target,
  user_quest_progress.progress ->> 'pct' as stored_pct,
  to_char(user_quest_progress.completed_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') as stored_completed_at
from quest_definitions
left join user_quest_progress
  on user_quest_progress.quest_id = quest_definitions.quest_id
  and user_quest_progress.user_id = $2::uuid
  and user_quest_progress.week_start = $3::date
where quest_definitions.is_active
  and $3::date <= $1::date
  and coalesce(quest_definitions.active_from <= $3::date, true)
  and coalesce(quest_definitions.active_until >= $3::date, true)
order by quest_definitions.slug
