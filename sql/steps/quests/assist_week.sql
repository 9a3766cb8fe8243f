-- The weeks for which they are.
--! reads: quest_scope
--! writes: assist_week
--! grain: week
--! spread: by_user
select distinct week from quest_scope where 'assists' = any (metrics)
