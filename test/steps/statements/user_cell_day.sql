-- stage
create temp table stage as
select
  user_key,
  geohash5,
  day,
  wanted.first_tap_at,
  stored.first_tap_at as old_first_tap_at,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    user_key,
    geohash5,
    day,
    first_tap_at,
    true as is_wanted
  from (
    with visit as (
      select batch_cell.u1 as user_id, batch_cell.geohash5, batch_cell.day, batch_cell.first_tap_at from batch_cell
      union all
      select batch_cell.u2, batch_cell.geohash5, batch_cell.day, batch_cell.first_tap_at from batch_cell
    )
    select own_user.user_key, visit.geohash5, visit.day, min(visit.first_tap_at) as first_tap_at
    from visit
    join own_user on own_user.user_id = visit.user_id
    group by own_user.user_key, visit.geohash5, visit.day
  ) as selected
) as wanted
full join (
  select
    stored.user_key,
    stored.geohash5,
    stored.day,
    stored.first_tap_at,
    true as is_stored
  from user_cell_day as stored
  join batch_day on batch_day.day = stored.day
) as stored using (user_key, geohash5, day)
where (wanted.is_wanted, wanted.first_tap_at)
  is distinct from (stored.is_stored, stored.first_tap_at);

-- delete
delete from user_cell_day as target
using stage
where not stage.is_wanted
  and (target.user_key, target.geohash5, target.day) = (stage.user_key, stage.geohash5, stage.day);

-- upsert
insert into user_cell_day as target (user_key, geohash5, day, first_tap_at)
select stage.user_key, stage.geohash5, stage.day, stage.first_tap_at
from stage
where stage.is_wanted
order by stage.day, stage.user_key, stage.geohash5
on conflict (user_key, geohash5, day) do update set
  first_tap_at = excluded.first_tap_at;

-- note
insert into changed_user_cell_day (user_key, geohash5)
select distinct stage.user_key, stage.geohash5 from stage;
