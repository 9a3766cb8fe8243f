-- The quests as they are defined, without those whose definition changed since the last run: their progress is stale.
insert into verify_quest (quest_id, slug, title, metric, target, span, is_active, active_from, active_until)
select
  quest_definitions.quest_id,
  quest_definitions.slug,
  quest_definitions.title,
  quest_definitions.requirements ->> 'metric',
  (quest_definitions.requirements ->> 'target')::numeric,
  quest_definitions.requirements ->> 'window',
  quest_definitions.is_active,
  quest_definitions.active_from,
  quest_definitions.active_until
from quest_definitions
join quest_rule on quest_rule.quest_id = quest_definitions.quest_id
join quest_derived on quest_derived.quest_id = quest_rule.quest_id and quest_derived.digest = quest_rule.digest
