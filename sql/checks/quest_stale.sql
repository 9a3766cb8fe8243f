-- Quests that were defined or changed since the last run: their progress follows with the next etl.
--! table: user_quest_progress
--! says: quests are defined as when their progress was derived
--! weight: stale
select
  format('quest %s', quest_rule.slug) as key,
  null::uuid as user_id,
  null::uuid as other_id,
  null::date as day,
  'definition' as column_name,
  case when quest_derived.digest is null then 'none' else 'another one' end as stored,
  format('%s %s, %s', quest_rule.metric, quest_rule.target, quest_rule.quest_window) as expected,
  null::date as mark_day,
  null::uuid as mark_user
from quest_rule
left join quest_derived on quest_derived.quest_id = quest_rule.quest_id
where quest_derived.digest is distinct from quest_rule.digest
