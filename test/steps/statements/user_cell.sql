-- stage, $1 is_later, $2 zone
create temp table stage as
select
  user_key,
  geohash5,
  wanted.first_day,
  wanted.first_tap_at,
  stored.first_day as old_first_day,
  stored.first_tap_at as old_first_tap_at,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    user_key,
    geohash5,
    first_day,
    first_tap_at,
    true as is_wanted
  from (
    with changed as (
      select changed_cell.user_key, changed_cell.geohash5
      from (select distinct user_key, geohash5 from changed_user_cell_day) as changed_cell
      where not $1::boolean
        -- Asked for each cell: as a join the planner might read all cells there are for a few.
        or (
          select user_cell.user_key
          from user_cell
          where user_cell.user_key = changed_cell.user_key and user_cell.geohash5 = changed_cell.geohash5
        ) is null
    )
    select
      changed.user_key,
      changed.geohash5,
      (began.first_tap_at at time zone $2::text)::date as first_day,
      began.first_tap_at
    from changed
    cross join lateral (
      -- Likewise.
      select min(user_cell_day.first_tap_at) as first_tap_at
      from user_cell_day
      where user_cell_day.user_key = changed.user_key and user_cell_day.geohash5 = changed.geohash5
    ) as began
    where began.first_tap_at is not null
  ) as selected
) as wanted
full join (
  select
    stored.user_key,
    stored.geohash5,
    stored.first_day,
    stored.first_tap_at,
    true as is_stored
  from (select distinct user_key, geohash5 from changed_user_cell_day) as changed
  join user_cell as stored on stored.user_key = changed.user_key and stored.geohash5 = changed.geohash5
  where not $1::boolean
) as stored using (user_key, geohash5)
where (wanted.is_wanted, wanted.first_day, wanted.first_tap_at)
  is distinct from (stored.is_stored, stored.first_day, stored.first_tap_at);

-- delete
delete from user_cell as target
using stage
where not stage.is_wanted
  and (target.user_key, target.geohash5) = (stage.user_key, stage.geohash5);

-- upsert
insert into user_cell as target (user_key, geohash5, first_day, first_tap_at)
select stage.user_key, stage.geohash5, stage.first_day, stage.first_tap_at
from stage
where stage.is_wanted
order by stage.user_key, stage.geohash5
on conflict (user_key, geohash5) do update set
  first_day = excluded.first_day,
  first_tap_at = excluded.first_tap_at;

-- note
insert into changed_user_cell (user_key, old_first_day, new_first_day)
select stage.user_key, stage.old_first_day, stage.first_day from stage;
