-- Quests that were defined or changed since the last run.
select quest_rule.slug
from quest_rule
left join quest_derived on quest_derived.quest_id = quest_rule.quest_id
where quest_derived.digest is distinct from quest_rule.digest
order by quest_rule.slug
