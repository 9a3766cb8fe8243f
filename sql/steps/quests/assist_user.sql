-- The users whose assists are derived again.
--! reads: quest_scope
--! writes: assist_user
--! grain: user_key
--! spread: by_user
select distinct user_key from quest_scope where 'assists' = any (metrics)
