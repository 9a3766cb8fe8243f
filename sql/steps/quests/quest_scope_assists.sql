-- Whose assists are derived again, for which weeks.
--! reads: assist_touched, assist_since, made_week, changed_quest, user_key, quest_rule
--! writes: quest_scope
--! grain: user_key, week
--! spread: by_user
select touched.user_key, touched.week, array['assists'] as metrics
from (
  select assist_touched.user_key, assist_touched.week from assist_touched
  union
  select own_user.user_key, anybodys_week.week
  from (
    select distinct made_week.week
    from made_week
    where exists (select 1 from changed_quest where changed_quest.metric = 'assists')
      or exists (select 1 from assist_since where assist_since.is_most and made_week.week >= assist_since.week)
  ) as anybodys_week
  cross join own_user
) as touched
where exists (select 1 from quest_rule where metric = 'assists' and is_active)
