-- How far each user got with each quest of a week: the best of its windows.
-- What it means: docs/semantics.md#quests.
--! reads: quest_scope, changed_quest, quest_total, quest_completed, quest_rule, user_key
--! writes: user_quest_progress
--! grain: user_id, quest_id, week_start
--! values: progress, completed_at
with best as (
  select quest_total.quest_id, quest_total.user_key, quest_total.week, max(quest_total.reached) as reached
  from quest_total
  group by quest_total.quest_id, quest_total.user_key, quest_total.week
)
select
  user_key.user_id,
  best.quest_id,
  week_start(best.week) as week_start,
  jsonb_build_object(
    'count', best.reached,
    'target', quest_rule.target,
    'pct', least(100, 100 * best.reached / quest_rule.target)
  ) as progress,
  quest_completed.completed_at
from best
join quest_rule on quest_rule.quest_id = best.quest_id
join user_key on user_key.user_key = best.user_key
left join quest_completed
  on quest_completed.quest_id = best.quest_id
  and quest_completed.user_key = best.user_key
  and quest_completed.week = best.week
--: stored
from quest_scope
join user_key on user_key.user_key = quest_scope.user_key
join quest_rule on quest_rule.metric = quest_scope.metric
join user_quest_progress as stored
  on stored.user_id = user_key.user_id
  and stored.quest_id = quest_rule.quest_id
  and stored.week_start = week_start(quest_scope.week)
left join changed_quest on changed_quest.quest_id = quest_rule.quest_id
where changed_quest.quest_id is null
--: stored
from changed_quest
join user_quest_progress as stored on stored.quest_id = changed_quest.quest_id
