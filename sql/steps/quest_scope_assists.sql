-- Whose assists are derived again, for which weeks. Of three users who all know each other, the one opposite to the
-- connection that was made last has an assist. So a connection that changed matters to the triangles around it, as they
-- are and as they were, and to nobody else.
-- Where most connections since the earliest change have changed, as in a backfill, everybody's weeks since then are
-- derived again: finding out whose are would cost as much.
--! reads: changed_pair, changed_pair_day, changed_quest, batch_day, batch_user, user_key, pair, friend, quest_rule
--! stored: user_quest_progress
--! writes: quest_scope
--! grain: metric, user_key, week
with wanted as (
  select exists (select from quest_rule where metric = 'assists' and is_active) as is_wanted
), moved as materialized (
  select changed_pair.u1_key, changed_pair.u2_key, changed_pair.old_first_day, changed_pair.new_first_day
  from changed_pair
  left join (select distinct u1_key, u2_key, day from changed_pair_day) as first_day_touched
    on first_day_touched.u1_key = changed_pair.u1_key
    and first_day_touched.u2_key = changed_pair.u2_key
    and first_day_touched.day = changed_pair.new_first_day
  where (select is_wanted from wanted)
    and (
      changed_pair.old_first_day is distinct from changed_pair.new_first_day
      or first_day_touched.day is not null
    )
), since as (
  select
    min(week_number(least(old_first_day, new_first_day))) as week,
    2 * count(*) > (
      select count(*)
      from pair
      where pair.first_day >= (select week_start(week_number(min(least(old_first_day, new_first_day)))) from moved)
    ) as is_most
  from moved
), adjacent as not materialized (
  select friend.user_key, friend.friend_key, friend.first_day from friend
  union all
  select changed_pair.u1_key, changed_pair.u2_key, changed_pair.old_first_day
  from changed_pair
  where changed_pair.old_first_day is distinct from changed_pair.new_first_day
    and changed_pair.old_first_day is not null
  union all
  select changed_pair.u2_key, changed_pair.u1_key, changed_pair.old_first_day
  from changed_pair
  where changed_pair.old_first_day is distinct from changed_pair.new_first_day
    and changed_pair.old_first_day is not null
), triangle as (
  select
    moved.u1_key,
    moved.u2_key,
    moved.old_first_day,
    moved.new_first_day,
    side1.friend_key,
    side1.first_day as u1_first_day,
    side2.first_day as u2_first_day
  from moved
  join adjacent as side1 on side1.user_key = moved.u1_key
  join adjacent as side2 on side2.user_key = moved.u2_key and side2.friend_key = side1.friend_key
  where not (select is_most from since)
), made_week as (
  -- The weeks in which connections are, or were, made.
  select distinct week_number(pair.first_day) as week
  from pair
  where pair.first_day >= case
    when exists (select from changed_quest where changed_quest.metric = 'assists') or exists (select from batch_user)
      then date '-infinity'
    when (select is_most from since) then (select week_start(week) from since)
  end
  union
  select distinct week_number(old_first_day) from moved where old_first_day is not null
), touched as (
  -- The connection that changed was, or is, the last of the three; or it is one of the two before.
  select friend_key as user_key, week_number(old_first_day) as week
  from triangle
  where old_first_day > least(u1_first_day, u2_first_day)
  union
  select friend_key, week_number(new_first_day)
  from triangle
  where new_first_day > least(u1_first_day, u2_first_day)
  union
  select u1_key, week_number(u2_first_day)
  from triangle
  where u2_first_day > least(old_first_day, new_first_day)
  union
  select u2_key, week_number(u1_first_day)
  from triangle
  where u1_first_day > least(old_first_day, new_first_day)
  union
  select user_key.user_key, made_week.week
  from user_key
  cross join made_week
  where (select is_wanted from wanted)
    and (
      exists (select from changed_quest where changed_quest.metric = 'assists')
      or (select is_most and made_week.week >= since.week from since)
      or exists (select from batch_user where batch_user.user_id = user_key.user_id)
    )
  union
  -- Rows that are to be derived again whatever they say.
  select user_key.user_key, forced_week.week
  from (select distinct week_number(batch_day.day) as week from batch_day where batch_day.forced) as forced_week
  join user_quest_progress on user_quest_progress.week_start = week_start(forced_week.week)
  join user_key on user_key.user_id = user_quest_progress.user_id
  where (select is_wanted from wanted)
  union
  select user_key.user_key, week_number(user_quest_progress.week_start)
  from batch_user
  join user_key on user_key.user_id = batch_user.user_id
  join user_quest_progress on user_quest_progress.user_id = batch_user.user_id
  where (select is_wanted from wanted)
), added as (
  insert into quest_scope (metric, user_key, week)
  select 'assists', touched.user_key, touched.week
  from touched
  returning 1
)
select count(*)::integer as inserted, 0 as updated, 0 as deleted from added
