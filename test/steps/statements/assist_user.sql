-- prepare
create temp table assist_user as
select distinct user_key from quest_scope where 'assists' = any (metrics);
