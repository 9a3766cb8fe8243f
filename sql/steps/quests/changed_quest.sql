-- Quests whose rule is not the one that their progress was derived with. A definition that was deleted took its
-- progress with it.
--! reads: quest_rule
--! before: quest_derived
--! writes: changed_quest
--! grain: quest_id
--! runs: always
select quest_rule.quest_id, quest_rule.metric
from quest_rule
left join quest_derived on quest_derived.quest_id = quest_rule.quest_id
where quest_derived.digest is distinct from quest_rule.digest
