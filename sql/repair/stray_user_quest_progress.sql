-- In a repair: progress of somebody without a key, or who is not of the shard, and of a quest that is not active in the
-- week.
--! reads: user_key, quest_rule
--! before: user_quest_progress
--! writes: user_quest_progress
--! grain: user_id, quest_id, week_start
--! runs: repair
--! spread: by_user
--: stored
from user_quest_progress as stored
left join own_user on own_user.user_id = stored.user_id
left join quest_rule
  on quest_rule.quest_id = stored.quest_id
  and quest_rule.is_active
  and stored.week_start between quest_rule.active_from and quest_rule.active_until
where own_user.user_id is null
  or quest_rule.quest_id is null
