-- A digest of all quests as they are defined now.
select md5(coalesce(string_agg(quest_definitions::text, ' ' order by quest_definitions.quest_id), '')) as digest
from quest_definitions
