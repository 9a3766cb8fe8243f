-- How far each user got with each quest of a week: the best of its windows. What is stored is looked up row by row; but
-- where the batch's days all come after those that were known before ($1), only its first week can have some, and is
-- read whole.
-- What it means: docs/semantics.md#quests.
--! reads: quest_scope, changed_quest, quest_total, quest_completed, quest_rule, user_key
--! writes: user_quest_progress
--! grain: user_id, quest_id, week_start
--! values: progress, completed_at
--! params: is_later
--! spread: by_user
select
  user_key.user_id,
  quest_total.quest_id,
  week_start(quest_total.week) as week_start,
  jsonb_build_object(
    'count', quest_total.reached,
    'target', quest_total.target,
    'pct', least(100, 100 * quest_total.reached::bigint / quest_total.target)
  ) as progress,
  quest_completed.completed_at
from quest_total
join user_key on user_key.user_key = quest_total.user_key
left join quest_completed
  on quest_completed.quest_id = quest_total.quest_id
  and quest_completed.user_key = quest_total.user_key
  and quest_completed.week = quest_total.week
--: stored
from quest_scope
join user_key on user_key.user_key = quest_scope.user_key
join quest_rule
  on quest_rule.metric = any (quest_scope.metrics)
  or quest_scope.metrics is null and quest_rule.metric <> 'assists'
join user_quest_progress as stored
  on stored.user_id = user_key.user_id
  and stored.quest_id = quest_rule.quest_id
  and stored.week_start = week_start(quest_scope.week)
left join changed_quest on changed_quest.quest_id = quest_rule.quest_id
where changed_quest.quest_id is null and not $1::boolean
--: stored
from quest_rule
join user_quest_progress as stored
  on stored.quest_id = quest_rule.quest_id
  and stored.week_start between (select week_start(min(week)) from quest_scope)
    and (select week_start(max(week)) from quest_scope)
join user_key on user_key.user_id = stored.user_id
join quest_scope
  on quest_scope.user_key = user_key.user_key
  and quest_scope.week = week_number(stored.week_start)
  and (
    quest_rule.metric = any (quest_scope.metrics)
    or quest_scope.metrics is null and quest_rule.metric <> 'assists'
  )
left join changed_quest on changed_quest.quest_id = quest_rule.quest_id
where changed_quest.quest_id is null and $1::boolean
--: stored
from changed_quest
join user_quest_progress as stored on stored.quest_id = changed_quest.quest_id
