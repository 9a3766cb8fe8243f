-- prepare
insert into second_degree_event (user_key, week, entered_count, left_count)
select
  part.user_key,
  part.week,
  sum(part.entered_count)::integer as entered_count,
  sum(part.left_count)::integer as left_count
from second_degree_focus as focus
join own_user on own_user.user_key = focus.user_key
cross join lateral (
  with half as (
    select
      unnest(own.friend_keys) as friend_key,
      unnest(own.weeks) as new_week,
      unnest(coalesce(own.old_weeks, own.weeks)) as old_week
    from second_degree_list as own
    where own.user_key = focus.user_key
  ), path as (
    select
      step.other_key,
      2147483647 as direct_week,
      greatest(step.new_week, step.week) as new_week,
      greatest(step.old_week, step.week) as old_week
    from (
      select
        half.new_week,
        half.old_week,
        unnest(list.friend_keys) as other_key,
        unnest(list.weeks) as week
      from half
      join second_degree_list as list on list.user_key = half.friend_key
    ) as step
    where step.other_key <> focus.user_key
    union all
    select half.friend_key, half.new_week, 2147483647, 2147483647
    from half
  ), reached as (
    select
      path.other_key,
      min(path.direct_week) as direct_week,
      min(path.new_week) as new_week,
      min(path.old_week) as old_week
    from path
    group by path.other_key
  )
  select focus.user_key, reached.new_week as week, count(*) as entered_count, 0 as left_count
  from reached
  where reached.new_week < reached.direct_week
  group by reached.new_week
  union all
  select focus.user_key, reached.direct_week, 0, count(*)
  from reached
  where reached.new_week < reached.direct_week
    and reached.direct_week < 2147483647
  group by reached.direct_week
  union all
  select shifted.other_key, week.week, week.entered_count, week.left_count
  from (
    select reached.other_key, bound.from_week, reached.direct_week, bound.sign
    from reached
    cross join lateral (values (reached.new_week, 1), (reached.old_week, -1)) as bound (from_week, sign)
    where reached.new_week <> reached.old_week
      and bound.from_week < reached.direct_week
      and exists (
        -- Where everybody is counted anew, as in a backfill, nobody is shifted: asked once.
        select 1
        from friend_list
        left join second_degree_focus as counted on counted.user_key = friend_list.user_key
        where counted.user_key is null
      )
      and not exists (select 1 from second_degree_added)
      and not exists (
        select 1 from second_degree_focus as also where also.user_key = reached.other_key
      )
  ) as shifted
  cross join lateral (
    values (shifted.from_week, shifted.sign, 0), (shifted.direct_week, 0, shifted.sign)
  ) as week (week, entered_count, left_count)
  where week.week < 2147483647
) as part
group by part.user_key, part.week
having sum(part.entered_count) <> 0 or sum(part.left_count) <> 0;
