-- stage
create temp table stage as
select
  geohash5,
  starts_at,
  slot,
  wanted.day,
  wanted.tap_count,
  wanted.user_keys,
  stored.day as old_day,
  stored.tap_count as old_tap_count,
  stored.user_keys as old_user_keys,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    geohash5,
    starts_at,
    slot,
    day,
    tap_count,
    user_keys,
    true as is_wanted
  from (
    with present as (
      -- Both users of a tap; the tap counts with the first.
      select
        batch_cell.geohash5,
        batch_cell.starts_at,
        batch_cell.slot,
        batch_cell.day,
        batch_cell.tap_count,
        key1.user_key
      from batch_cell
      join user_key as key1 on key1.user_id = batch_cell.u1
      union all
      select batch_cell.geohash5, batch_cell.starts_at, batch_cell.slot, batch_cell.day, 0, key2.user_key
      from batch_cell
      join user_key as key2 on key2.user_id = batch_cell.u2
    )
    select
      present.geohash5,
      present.starts_at,
      present.slot,
      present.day,
      sum(present.tap_count)::integer as tap_count,
      array_agg(distinct present.user_key order by present.user_key) as user_keys
    from present
    group by present.geohash5, present.starts_at, present.slot, present.day
  ) as selected
) as wanted
full join (
  select
    stored.geohash5,
    stored.starts_at,
    stored.slot,
    stored.day,
    stored.tap_count,
    stored.user_keys,
    true as is_stored
  from area_hour as stored
  join batch_day on batch_day.day = stored.day
) as stored using (geohash5, starts_at, slot)
where (wanted.is_wanted, wanted.day, wanted.tap_count, wanted.user_keys)
  is distinct from (stored.is_stored, stored.day, stored.tap_count, stored.user_keys);

-- delete
delete from area_hour as target
using stage
where not stage.is_wanted
  and (target.geohash5, target.starts_at, target.slot) = (stage.geohash5, stage.starts_at, stage.slot);

-- upsert
insert into area_hour as target (geohash5, starts_at, slot, day, tap_count, user_keys)
select stage.geohash5, stage.starts_at, stage.slot, stage.day, stage.tap_count, stage.user_keys
from stage
where stage.is_wanted
order by stage.day, stage.geohash5, stage.starts_at
on conflict (geohash5, starts_at, slot) do update set
  day = excluded.day,
  tap_count = excluded.tap_count,
  user_keys = excluded.user_keys;

-- note
insert into changed_area_hour (geohash5, week)
select distinct stage.geohash5, changed_day.week
from stage
cross join lateral (
  values (week_number(stage.day)), (week_number(stage.old_day))
) as changed_day (week)
where changed_day.week is not null;
