-- Whose assists are derived again, for which weeks. Of three users who all know each other, the one opposite to the
-- connection that was made last has an assist. So a connection that changed matters to the triangles around it, as they
-- are and as they were, and to nobody else.
-- Where most connections since the earliest change have changed, as in a backfill, everybody's weeks since then are
-- derived again: finding out whose are would cost as much.
--! reads: changed_pair, changed_quest, user_key, pair, friend, quest_rule
--! writes: quest_scope
--! grain: user_key, week
with wanted as (
  select exists (select 1 from quest_rule where metric = 'assists' and is_active) as is_wanted
), moved as materialized (
  -- The first tap of a pair is another one now, if only by its time.
  select changed_pair.u1_key, changed_pair.u2_key, changed_pair.old_first_day, changed_pair.new_first_day
  from changed_pair
  where (select is_wanted from wanted)
), since as (
  select
    min(week_number(least(old_first_day, new_first_day))) as week,
    2 * count(*) > (
      -- No more are counted than it takes to say.
      select count(*)
      from (
        select 1
        from pair
        where pair.first_day >= (select week_start(week_number(min(least(old_first_day, new_first_day)))) from moved)
        limit (select 2 * count(*) from moved)
      ) as made_since
    ) as is_most
  from moved
), end_user as (
  select u1_key as user_key from moved where not (select is_most from since)
  union
  select u2_key from moved where not (select is_most from since)
), was as (
  select u1_key, u2_key, old_first_day from moved
  where old_first_day is distinct from new_first_day and old_first_day is not null
), adjacent as materialized (
  select end_user.user_key, own.friend_key, own.first_day
  from end_user
  cross join lateral (
    -- With an offset the planner looks each user up, and does not join all connections there are.
    select friend.friend_key, friend.first_day from friend where friend.user_key = end_user.user_key
    offset 0
  ) as own
  union all
  select u1_key, u2_key, old_first_day from was
  union all
  select u2_key, u1_key, old_first_day from was
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
    when exists (select 1 from changed_quest where changed_quest.metric = 'assists')
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
  select anybody.user_key, made_week.week
  from (
    -- Not read where it is not everybody.
    select user_key.user_key
    from user_key
    where exists (select 1 from changed_quest where changed_quest.metric = 'assists')
      or (select is_most from since)
  ) as anybody
  cross join made_week
  where (select is_wanted from wanted)
    and (
      exists (select 1 from changed_quest where changed_quest.metric = 'assists')
      or (select is_most and made_week.week >= since.week from since)
    )
)
select touched.user_key, touched.week, array['assists'] as metrics
from touched
--: slice pair
exists (select 1 from changed_quest where changed_quest.metric = 'assists')
  or pair.first_day >= (
    select week_start(min(week_number(least(changed_pair.old_first_day, changed_pair.new_first_day)))) from changed_pair
  )
--: slice friend
select changed_pair.u1_key as user_key from changed_pair
union
select changed_pair.u2_key from changed_pair
