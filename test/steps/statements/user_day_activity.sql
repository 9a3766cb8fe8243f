-- stage
create temp table stage as
select
  user_id,
  day,
  wanted.tap_count,
  wanted.first_degree_new_count,
  stored.tap_count as old_tap_count,
  stored.first_degree_new_count as old_first_degree_new_count,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    user_id,
    day,
    tap_count,
    first_degree_new_count,
    true as is_wanted
  from (
    with counted as (
      select
        tapper.user_key,
        tapper.day,
        sum(tapper.tap_count)::integer as tap_count,
        sum(tapper.new_count)::integer as first_degree_new_count
      from (
        select
          unnest(array[pair_day.u1_key, pair_day.u2_key]) as user_key,
          pair_day.day,
          pair_day.tap_count,
          0 as new_count
        from user_day_scope
        join pair_day on pair_day.day = user_day_scope.day
        union all
        select unnest(array[pair.u1_key, pair.u2_key]), pair.first_day, 0, 1
        from user_day_scope
        join pair on pair.first_day = user_day_scope.day
      ) as tapper
      group by tapper.user_key, tapper.day
    )
    select user_key.user_id, counted.day, counted.tap_count, counted.first_degree_new_count
    from counted
    join user_key on user_key.user_key = counted.user_key
  ) as selected
) as wanted
full join (
  select
    stored.user_id,
    stored.day,
    stored.tap_count,
    stored.first_degree_new_count,
    true as is_stored
  from user_day_scope
  join user_day_activity as stored on stored.day = user_day_scope.day
) as stored using (user_id, day)
where (wanted.is_wanted, wanted.tap_count, wanted.first_degree_new_count)
  is distinct from (stored.is_stored, stored.tap_count, stored.first_degree_new_count);

-- delete
delete from user_day_activity as target
using stage
where not stage.is_wanted
  and (target.user_id, target.day) = (stage.user_id, stage.day);

-- upsert
insert into user_day_activity as target (user_id, day, tap_count, first_degree_new_count)
select stage.user_id, stage.day, stage.tap_count, stage.first_degree_new_count
from stage
where stage.is_wanted
order by stage.day, stage.user_id
on conflict (user_id, day) do update set
  tap_count = excluded.tap_count,
  first_degree_new_count = excluded.first_degree_new_count;

-- note, $1 is_later
insert into changed_user_day (user_id, day, was_active, is_active)
select stage.user_id, stage.day, stage.is_stored, stage.is_wanted from stage
union all
-- Days of a user on which something of a pair's is not as it was, even if it is only a time. On days that all come
-- after those that were known before ($1), whoever tapped has a new row.
select user_key.user_id, touched.day, true, true
from (
  select u1_key as user_key, day from changed_pair_day
  union
  select u2_key, day from changed_pair_day
  union
  select unnest(array[u1_key, u2_key]), unnest(array[old_first_day, old_first_day]) from changed_pair
  where old_first_day <> new_first_day
  union
  select unnest(array[u1_key, u2_key]), unnest(array[new_first_day, new_first_day]) from changed_pair
  where old_first_day <> new_first_day
) as touched
join user_key on user_key.user_key = touched.user_key
left join stage on stage.user_id = user_key.user_id and stage.day = touched.day
where stage.user_id is null and not $1::boolean;
