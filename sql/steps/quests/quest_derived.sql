-- With which rule the progress of each quest is derived now.
--! reads: quest_rule, user_quest_progress
--! writes: quest_derived
--! grain: quest_id
--! values: digest
--! runs: always
select quest_rule.quest_id, quest_rule.digest from quest_rule
--: stored
from quest_derived as stored
