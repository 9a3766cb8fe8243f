-- The second degree of every user as it stands in the week of L ($1): from nothing for a focus user, as a shift of what is
-- stored for anybody else. A repair also removes rows of keys that belong to nobody.
--! reads: second_degree_focus, second_degree_event, batch_user, user_key, friend, second_degree
--! writes: second_degree
--! grain: user_key
--! params: as_of_day
--! runs: as_of_moved
with change as (
  select
    second_degree_event.user_key,
    sum(second_degree_event.entered_count - second_degree_event.left_count) as moved,
    sum(second_degree_event.entered_count)
      filter (where second_degree_event.week = week_number($1::date)) as entered
  from second_degree_event
  group by second_degree_event.user_key
), shifted as (
  select
    second_degree.user_key,
    second_degree.second_degree_count + coalesce(change.moved, 0) as second_degree_count,
    case when second_degree.week = week_number($1::date) then second_degree.second_degree_new_count else 0 end
      + coalesce(change.entered, 0) as second_degree_new_count
  from second_degree
  join user_key on user_key.user_key = second_degree.user_key
  left join change on change.user_key = second_degree.user_key
  left join second_degree_focus on second_degree_focus.user_key = second_degree.user_key
  where second_degree_focus.user_key is null
    and (second_degree.week <> week_number($1::date) or change.user_key is not null)
), counted as (
  select
    second_degree_focus.user_key,
    coalesce(change.moved, 0) as second_degree_count,
    coalesce(change.entered, 0) as second_degree_new_count
  from second_degree_focus
  left join change on change.user_key = second_degree_focus.user_key
  where exists (select from friend where friend.user_key = second_degree_focus.user_key)
), deleted as (
  delete from second_degree as target
  using (
    select second_degree_focus.user_key
    from second_degree_focus
    where not exists (select from friend where friend.user_key = second_degree_focus.user_key)
    union
    select second_degree.user_key
    from second_degree
    left join user_key on user_key.user_key = second_degree.user_key
    where user_key.user_key is null
      and exists (select from batch_user)
  ) as gone
  where target.user_key = gone.user_key
  returning 1
), written as (
  insert into second_degree as target (user_key, week, second_degree_count, second_degree_new_count)
  select fresh.user_key, week_number($1::date), fresh.second_degree_count, fresh.second_degree_new_count
  from (
    select shifted.user_key, shifted.second_degree_count, shifted.second_degree_new_count from shifted
    union all
    select counted.user_key, counted.second_degree_count, counted.second_degree_new_count from counted
  ) as fresh
  on conflict (user_key) do update
  set
    week = excluded.week,
    second_degree_count = excluded.second_degree_count,
    second_degree_new_count = excluded.second_degree_new_count
  where (target.week, target.second_degree_count, target.second_degree_new_count)
    is distinct from (excluded.week, excluded.second_degree_count, excluded.second_degree_new_count)
  returning xmax = 0 as is_new
)
select
  (select count(*) from written where is_new)::integer as inserted,
  (select count(*) from written where not is_new)::integer as updated,
  (select count(*) from deleted)::integer as deleted
