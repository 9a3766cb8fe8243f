-- prepare
create temp table quest_friend_list as
with scope_user as (
  select assist_user.user_key from assist_user
), met as (
  select own_user.user_key
  from own_user
  join (
    select u1_key as user_key from quest_meeting
    union
    select u2_key from quest_meeting
  ) as one_who_met on one_who_met.user_key = own_user.user_key
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
group by list.user_key;
