-- Which of the users in question those who met are connected with, a row per one who met: only of them anybody asks
-- whether they had known both. The connections are read of whoever are fewer: the users in question, or who met. In a
-- table of its own, so that the planner knows how many there are.
--! reads: quest_scope, quest_meeting, friend
--! writes: quest_friend_list
--! grain: user_key
with scope_user as (
  select distinct user_key from quest_scope where 'assists' = any (metrics)
), met as (
  select u1_key as user_key from quest_meeting
  union
  select u2_key from quest_meeting
), size as (
  select (select count(*) from met) < (select count(*) from scope_user) as is_few_met
)
select
  list.user_key,
  array_agg(list.friend_key) as friend_keys,
  array_agg(list.first_day) as first_days,
  count(*)::integer as friend_count
from (
  select own.friend_key as user_key, scope_user.user_key as friend_key, own.first_day
  from scope_user
  cross join lateral (
    -- With an offset the planner looks each user up, and does not join all connections there are.
    select friend.friend_key, friend.first_day from friend where friend.user_key = scope_user.user_key
    offset 0
  ) as own
  where not (select is_few_met from size)
    -- Told so, the planner looks for each in a hash of them, and does not join all with all.
    and (own.friend_key in (select met.user_key from met)) is true
  union all
  select met.user_key, own.friend_key, own.first_day
  from met
  cross join lateral (
    -- Likewise.
    select friend.friend_key, friend.first_day from friend where friend.user_key = met.user_key
    offset 0
  ) as own
  where (select is_few_met from size)
    and (own.friend_key in (select scope_user.user_key from scope_user)) is true
) as list
group by list.user_key
--: slice friend
select quest_scope.user_key from quest_scope where 'assists' = any (quest_scope.metrics)
union
select quest_meeting.u1_key from quest_meeting
union
select quest_meeting.u2_key from quest_meeting
