-- prepare
create temp table changed_quest as
select quest_rule.quest_id, quest_rule.metric
from quest_rule
left join quest_derived on quest_derived.quest_id = quest_rule.quest_id
where quest_derived.digest is distinct from quest_rule.digest;
