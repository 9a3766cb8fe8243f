-- prepare
create temp table assist_week as
select distinct week from quest_scope where 'assists' = any (metrics);
