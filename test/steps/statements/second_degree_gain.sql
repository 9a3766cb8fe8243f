-- prepare, $1 as_of_day
insert into second_degree_event (user_key, week, entered_count, left_count)
with gained as (
  select one.user_key as one_key, nearer.other_key
  from (
    select distinct added.user_key
    from second_degree_added as added
    join own_user on own_user.user_key = added.user_key
  ) as one
  cross join lateral (
    select unnest(list.friend_keys) as other_key
    from second_degree_added as added
    join second_degree_list as list on list.user_key = added.friend_key
    where added.user_key = one.user_key
    except
    (
      select one.user_key
      union all
      select unnest(own.friend_keys)
      from second_degree_list as own
      where own.user_key = one.user_key
      union all
      select unnest(coalesce(list.old_friend_keys, list.friend_keys)) as other_key
      from (
        select unnest(coalesce(own.old_friend_keys, own.friend_keys)) as friend_key
        from second_degree_list as own
        where own.user_key = one.user_key
      ) as half
      join second_degree_list as list on list.user_key = half.friend_key
    )
  ) as nearer
  -- Of two halves that are both new, the two find each other: the one with the smaller key tells it.
  where not (
    nearer.other_key < one.user_key
    and exists (
      select 1
      from second_degree_added as added
      join second_degree_list as list on list.user_key = added.friend_key
      where added.user_key = nearer.other_key
        and one.user_key = any (list.friend_keys)
    )
  )
), met as (
  select
    added.user_key as one_key,
    added.friend_key as other_key,
    (
      select min(common.reached_week)
      from (
        select max(known.old_week) as reached_week
        from (
          select unnest(one.friend_keys) as friend_key, unnest(coalesce(one.old_weeks, one.weeks)) as old_week
          union all
          select unnest(other.friend_keys), unnest(coalesce(other.old_weeks, other.weeks))
        ) as known
        where known.old_week < 2147483647
        group by known.friend_key
        having count(*) = 2
      ) as common
    ) as reached_week
  from second_degree_added as added
  join own_user on own_user.user_key = added.user_key
  join second_degree_list as one on one.user_key = added.user_key
  join second_degree_list as other on other.user_key = added.friend_key
  where added.user_key < added.friend_key
), change as (
  select gained.one_key, gained.other_key, 1 as entered, 0 as gone
  from gained
  union all
  select
    met.one_key,
    met.other_key,
    case when met.reached_week = week_number($1::date) then -1 else 0 end,
    case when met.reached_week < week_number($1::date) then 1 else 0 end
  from met
  where met.reached_week is not null
)
select
  part.user_key,
  week_number($1::date) as week,
  sum(part.entered)::integer as entered_count,
  sum(part.gone)::integer as left_count
from (
  select unnest(array[change.one_key, change.other_key]) as user_key, change.entered, change.gone from change
) as part
where not exists (select 1 from second_degree_focus as focus where focus.user_key = part.user_key)
group by part.user_key
having sum(part.entered) <> 0 or sum(part.gone) <> 0;
