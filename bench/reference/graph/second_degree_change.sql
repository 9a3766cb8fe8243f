-- How many others come to distance 2 of a user in each week, and how many leave it, by becoming friends. Another one is
-- at distance 2 from the week in which the first path of two connections is complete until the week of their own.
-- Each two are looked at once, from the smaller key.
create table second_degree_change as
with friend as (
  select u1_key as user_key, u2_key as friend_key, (first_day - date '0001-01-01') / 7 as week from pair
  union all
  select u2_key, u1_key, (first_day - date '0001-01-01') / 7 from pair
), reached as (
  select one.user_key, two.friend_key as other_key, min(greatest(one.week, two.week)) as week
  from friend as one
  join friend as two on two.user_key = one.friend_key
  where one.user_key < two.friend_key
  group by one.user_key, two.friend_key
), stay as (
  select reached.user_key, reached.other_key, reached.week as from_week, friend.week as to_week
  from reached
  left join friend on friend.user_key = reached.user_key and friend.friend_key = reached.other_key
  where friend.week is null or friend.week > reached.week
), change as (
  select user_key, other_key, from_week as week, 1 as entered, 0 as gone from stay
  union all
  select user_key, other_key, to_week, 0, 1 from stay where to_week is not null
)
select end_of.user_key, change.week, sum(change.entered)::integer as entered_count, sum(change.gone)::integer as left_count
from change
cross join lateral (values (change.user_key), (change.other_key)) as end_of (user_key)
group by end_of.user_key, change.week;
alter table second_degree_change add primary key (user_key, week);
analyze second_degree_change;
