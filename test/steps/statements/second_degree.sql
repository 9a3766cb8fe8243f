-- stage, $1 as_of_day
create temp table stage as
select
  user_key,
  wanted.week,
  wanted.second_degree_count,
  wanted.second_degree_new_count,
  stored.week as old_week,
  stored.second_degree_count as old_second_degree_count,
  stored.second_degree_new_count as old_second_degree_new_count,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    user_key,
    week,
    second_degree_count,
    second_degree_new_count,
    true as is_wanted
  from (
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
  ) as selected
) as wanted
full join (
  select
    stored.user_key,
    stored.week,
    stored.second_degree_count,
    stored.second_degree_new_count,
    true as is_stored
  from second_degree as stored
  left join (
    select user_key from second_degree_focus
    union
    select user_key from second_degree_event
  ) as changed on changed.user_key = stored.user_key
  where stored.week <> week_number($1::date) or changed.user_key is not null
) as stored using (user_key)
where (wanted.is_wanted, wanted.week, wanted.second_degree_count, wanted.second_degree_new_count)
  is distinct from (stored.is_stored, stored.week, stored.second_degree_count, stored.second_degree_new_count);

-- delete
delete from second_degree as target
using stage
where not stage.is_wanted
  and target.user_key = stage.user_key;

-- upsert
insert into second_degree as target (user_key, week, second_degree_count, second_degree_new_count)
select stage.user_key, stage.week, stage.second_degree_count, stage.second_degree_new_count
from stage
where stage.is_wanted
order by stage.user_key
on conflict (user_key) do update set
  week = excluded.week,
  second_degree_count = excluded.second_degree_count,
  second_degree_new_count = excluded.second_degree_new_count;
