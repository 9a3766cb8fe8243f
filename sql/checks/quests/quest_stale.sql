-- Quests that were defined or changed since the last run: their progress follows with the next etl.
--! table: user_quest_progress
--! says: quests are defined as when their progress was derived
--! weight: stale
--! key: quest
--: broken
select
  quest_rule.slug as quest,
  'definition' as column_name,
  case when quest_derived.digest is null then 'none' else 'another one' end as stored,
  format('%s %s, %s', quest_rule.metric, quest_rule.target, quest_rule.quest_window) as expected
from quest_rule
left join quest_derived on quest_derived.quest_id = quest_rule.quest_id
where quest_derived.digest is distinct from quest_rule.digest
