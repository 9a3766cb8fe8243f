-- The second degree of every user as it stands in the week of L ($1): from nothing for a focus user, as a shift of what
-- is stored for anybody else.
--! reads: second_degree_focus, second_degree_event, friend, user_key
--! writes: second_degree
--! grain: user_key
--! values: week, second_degree_count, second_degree_new_count
--! params: as_of_day
--! runs: as_of_moved
--! spread: by_user
with change as (
  select
    second_degree_event.user_key,
    sum(second_degree_event.entered_count - second_degree_event.left_count) as moved,
    sum(second_degree_event.entered_count)
      filter (where second_degree_event.week = week_number($1::date)) as entered
  from second_degree_event
  group by second_degree_event.user_key
)
select
  second_degree.user_key,
  week_number($1::date) as week,
  (second_degree.second_degree_count + coalesce(change.moved, 0))::integer as second_degree_count,
  (
    case when second_degree.week = week_number($1::date) then second_degree.second_degree_new_count else 0 end
    + coalesce(change.entered, 0)
  )::integer as second_degree_new_count
from second_degree
left join change on change.user_key = second_degree.user_key
left join second_degree_focus on second_degree_focus.user_key = second_degree.user_key
where second_degree_focus.user_key is null
  and (second_degree.week <> week_number($1::date) or change.user_key is not null)
union all
select
  second_degree_focus.user_key,
  week_number($1::date),
  coalesce(change.moved, 0)::integer,
  coalesce(change.entered, 0)::integer
from second_degree_focus
join own_user on own_user.user_key = second_degree_focus.user_key
left join change on change.user_key = second_degree_focus.user_key
where exists (select 1 from friend where friend.user_key = second_degree_focus.user_key)
--: stored
from second_degree as stored
left join (
  select user_key from second_degree_focus
  union
  select user_key from second_degree_event
) as changed on changed.user_key = stored.user_key
where stored.week <> week_number($1::date) or changed.user_key is not null
