-- stage
create temp table stage as
select
  day,
  geohash5,
  starts_at,
  slot,
  u1_key,
  u2_key,
  wanted.tap_count,
  wanted.first_tap_at,
  stored.tap_count as old_tap_count,
  stored.first_tap_at as old_first_tap_at,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    day,
    geohash5,
    starts_at,
    slot,
    u1_key,
    u2_key,
    tap_count,
    first_tap_at,
    true as is_wanted
  from (
    select
      batch_cell.day,
      batch_cell.geohash5,
      batch_cell.starts_at,
      batch_cell.slot,
      key1.user_key as u1_key,
      key2.user_key as u2_key,
      batch_cell.tap_count,
      batch_cell.first_tap_at
    from batch_cell
    join frozen_day on frozen_day.day = batch_cell.day
    join user_key as key1 on key1.user_id = batch_cell.u1
    join user_key as key2 on key2.user_id = batch_cell.u2
  ) as selected
) as wanted
full join (
  select
    stored.day,
    stored.geohash5,
    stored.starts_at,
    stored.slot,
    stored.u1_key,
    stored.u2_key,
    stored.tap_count,
    stored.first_tap_at,
    true as is_stored
  from batch_day
  join frozen_cell as stored on stored.day = batch_day.day
) as stored using (day, geohash5, starts_at, slot, u1_key, u2_key)
where (wanted.is_wanted, wanted.tap_count, wanted.first_tap_at)
  is distinct from (stored.is_stored, stored.tap_count, stored.first_tap_at);

-- delete
delete from frozen_cell as target
using stage
where not stage.is_wanted
  and (target.day, target.geohash5, target.starts_at, target.slot, target.u1_key, target.u2_key) = (stage.day, stage.geohash5, stage.starts_at, stage.slot, stage.u1_key, stage.u2_key);

-- upsert
insert into frozen_cell as target (day, geohash5, starts_at, slot, u1_key, u2_key, tap_count, first_tap_at)
select stage.day, stage.geohash5, stage.starts_at, stage.slot, stage.u1_key, stage.u2_key, stage.tap_count, stage.first_tap_at
from stage
where stage.is_wanted
order by stage.day, stage.geohash5, stage.starts_at, stage.slot, stage.u1_key, stage.u2_key
on conflict (day, geohash5, starts_at, slot, u1_key, u2_key) do update set
  tap_count = excluded.tap_count,
  first_tap_at = excluded.first_tap_at;
