-- Progress of the verified users in every quest of every week, also of a quest that is not there, which is named by its
-- id. Quests whose definition changed since the last run are reported separately.
--! table: user_quest_progress
--! says: quests of the verified users, counted by definition
--! parts: users
--! key: user_id, quest, week_start
--! compared: progress.count, progress.target, progress.pct, progress, completed_at
--! day: week_start
--! mark_user: user_id
--: expected
select
  expected_quest.user_id,
  verify_quest.slug as quest,
  expected_quest.week_start,
  to_jsonb(expected_quest.reached) as "progress.count",
  to_jsonb(expected_quest.target) as "progress.target",
  to_jsonb(least(100, 100 * expected_quest.reached / expected_quest.target)) as "progress.pct",
  jsonb '{}' as progress,
  expected_quest.completed_at
from verify_user
join expected_quest on expected_quest.user_id = verify_user.user_id
join verify_quest on verify_quest.quest_id = expected_quest.quest_id
--: stored
select
  user_quest_progress.user_id,
  coalesce(verify_quest.slug, user_quest_progress.quest_id::text) as quest,
  user_quest_progress.week_start,
  user_quest_progress.progress -> 'count' as "progress.count",
  user_quest_progress.progress -> 'target' as "progress.target",
  user_quest_progress.progress -> 'pct' as "progress.pct",
  user_quest_progress.progress - array['count', 'target', 'pct'] as progress,
  user_quest_progress.completed_at
from verify_user
join user_quest_progress on user_quest_progress.user_id = verify_user.user_id
left join verify_quest on verify_quest.quest_id = user_quest_progress.quest_id
where verify_quest.quest_id is not null
  or user_quest_progress.quest_id not in (select quest_definitions.quest_id from quest_definitions)
