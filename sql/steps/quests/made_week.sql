-- The weeks in which connections are, or were, made, where everybody's assists are derived again: since the earliest
-- change where most connections since then have changed (finding out whose are would cost as much), or all of them
-- where a quest of that metric changed.
--! reads: assist_since, changed_pair, changed_quest, pair
--! writes: made_week
--! grain: week
--! spread: by_user
select distinct week_number(pair.first_day) as week
from pair
where pair.first_day >= case
  when exists (select 1 from changed_quest where changed_quest.metric = 'assists')
    then date '-infinity'
  else (select week_start(assist_since.week) from assist_since where assist_since.is_most)
end
union
select distinct week_number(changed_pair.old_first_day)
from changed_pair
where changed_pair.old_first_day is not null
  and (
    exists (select 1 from changed_quest where changed_quest.metric = 'assists')
    or exists (select 1 from assist_since where assist_since.is_most)
  )
