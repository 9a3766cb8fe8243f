-- In a repair: the assists of marked users in all weeks in which connections were made, and those that are stored for
-- the week of a marked day.
--! reads: batch_day, batch_user, user_key, made_week, quest_rule, quest_scope
--! before: user_quest_progress
--! writes: quest_scope
--! grain: user_key, week
--! runs: repair
--! spread: by_user
with suspect as (
  select own_user.user_key, made_week.week
  from batch_user
  join own_user on own_user.user_id = batch_user.user_id
  cross join made_week
  union
  select user_key.user_key, week_number(user_quest_progress.week_start)
  from batch_user
  join user_key on user_key.user_id = batch_user.user_id
  join user_quest_progress on user_quest_progress.user_id = batch_user.user_id
  union
  select user_key.user_key, marked_week.week
  from (select distinct week_number(batch_day.day) as week from batch_day where batch_day.forced) as marked_week
  cross join quest_rule
  join user_quest_progress
    on user_quest_progress.quest_id = quest_rule.quest_id
    and user_quest_progress.week_start = week_start(marked_week.week)
  join user_key on user_key.user_id = user_quest_progress.user_id
)
select suspect.user_key, suspect.week, array['assists'] as metrics
from suspect
where exists (select 1 from quest_rule where quest_rule.metric = 'assists' and quest_rule.is_active)
except
select quest_scope.user_key, quest_scope.week, quest_scope.metrics from quest_scope
