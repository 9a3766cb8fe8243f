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
    with whole_day as (
      select day from user_day_scope where user_key is null
    ), own_day as (
      select user_day_scope.user_key, user_day_scope.user_id, user_day_scope.day
      from user_day_scope
      left join whole_day on whole_day.day = user_day_scope.day
      where user_day_scope.user_key is not null and whole_day.day is null
    ), counted as (
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
        from whole_day
        join pair_day on pair_day.day = whole_day.day
        union all
        select unnest(array[pair.u1_key, pair.u2_key]), pair.first_day, 0, 1
        from whole_day
        join pair on pair.first_day = whole_day.day
      ) as tapper
      group by tapper.user_key, tapper.day
    ), own_pair as (
      select own_day.user_id, own_day.day, pair.u1_key, pair.u2_key, pair.first_day
      from own_day
      join pair on pair.u1_key = own_day.user_key and own_day.day between pair.first_day - 1 and pair.last_day + 1
      union all
      select own_day.user_id, own_day.day, pair.u1_key, pair.u2_key, pair.first_day
      from own_day
      join pair on pair.u2_key = own_day.user_key and own_day.day between pair.first_day - 1 and pair.last_day + 1
    )
    select known_user.user_id, counted.day, counted.tap_count, counted.first_degree_new_count
    from counted
    join (
      -- Not read where no whole day is counted.
      select own_user.user_key, own_user.user_id from own_user where exists (select 1 from whole_day)
    ) as known_user on known_user.user_key = counted.user_key
    union all
    select
      own_pair.user_id,
      own_pair.day,
      sum(known.tap_count)::integer,
      (count(*) filter (where own_pair.first_day = own_pair.day))::integer
    from own_pair
    cross join lateral (
      -- With an offset the planner looks each pair up, and does not join all days there are.
      select pair_day.tap_count
      from pair_day
      where pair_day.u1_key = own_pair.u1_key
        and pair_day.u2_key = own_pair.u2_key
        and pair_day.day = own_pair.day
      offset 0
    ) as known
    group by own_pair.user_id, own_pair.day
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
  where user_day_scope.user_key is null
  union all
  select
    stored.user_id,
    stored.day,
    stored.tap_count,
    stored.first_degree_new_count,
    true as is_stored
  from (
    select own_day.user_id, own_day.day
    from user_day_scope as own_day
    left join user_day_scope as whole_day on whole_day.day = own_day.day and whole_day.user_key is null
    where own_day.user_key is not null and whole_day.day is null
  ) as own_day
  join user_day_activity as stored on stored.user_id = own_day.user_id and stored.day = own_day.day
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
select own_user.user_id, touched.day, true, true
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
join own_user on own_user.user_key = touched.user_key
left join stage on stage.user_id = own_user.user_id and stage.day = touched.day
where stage.user_id is null and not $1::boolean;
