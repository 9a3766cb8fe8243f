-- prepare
create temp table changed_friend as
with moved as (
  select
    u1_key,
    u2_key,
    week_number(old_first_day) as old_week,
    week_number(new_first_day) as new_week
  from changed_pair
  where week_number(old_first_day) is distinct from week_number(new_first_day)
)
select u1_key as user_key, u2_key as friend_key, old_week, new_week from moved
union all
select u2_key, u1_key, old_week, new_week from moved;
