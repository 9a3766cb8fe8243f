-- The quests that are active in the weeks in question.
--! reads: quest_scope, quest_rule
--! writes: quest_week
--! grain: quest_id, week
--! spread: by_user
select quest_rule.quest_id, scope_week.week, quest_rule.metric, quest_rule.quest_window, quest_rule.target
from (select distinct week from quest_scope) as scope_week
join quest_rule
  on quest_rule.is_active
  and week_start(scope_week.week) between quest_rule.active_from and quest_rule.active_until
