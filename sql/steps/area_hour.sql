-- Taps and users of each cell and local clock hour of the batch's days. A repair also looks at rows of these hours that
-- say another day, and of days that are not processed.
--! reads: batch_cell, batch_day, batch_user, user_key, area_hour
--! stored: processed_day
--! writes: area_hour, changed_area_hour
--! fills: area_hour
--! grain: geohash5, starts_at
--! params: zone
with present as (
  -- Both users of a tap; the tap counts with the first.
  select batch_cell.geohash5, batch_cell.starts_at, batch_cell.day, batch_cell.tap_count, key1.user_key
  from batch_cell
  join user_key as key1 on key1.user_id = batch_cell.u1
  union all
  select batch_cell.geohash5, batch_cell.starts_at, batch_cell.day, 0, key2.user_key
  from batch_cell
  join user_key as key2 on key2.user_id = batch_cell.u2
), fresh as (
  select
    present.geohash5,
    present.starts_at,
    present.day,
    (24 * (extract(isodow from present.day) - 1) + extract(hour from present.starts_at at time zone $1::text))::smallint
      as slot,
    sum(present.tap_count)::integer as tap_count,
    array_agg(distinct present.user_key order by present.user_key) as user_keys
  from present
  group by present.geohash5, present.starts_at, present.day
), stored as (
  select
    area_hour.geohash5,
    area_hour.starts_at,
    area_hour.day,
    area_hour.slot,
    area_hour.tap_count,
    area_hour.user_keys
  from area_hour
  join batch_day on batch_day.day = area_hour.day
  union all
  select
    area_hour.geohash5,
    area_hour.starts_at,
    area_hour.day,
    area_hour.slot,
    area_hour.tap_count,
    area_hour.user_keys
  from area_hour
  left join batch_day on batch_day.day = area_hour.day
  left join processed_day on processed_day.day = area_hour.day
  left join fresh on fresh.geohash5 = area_hour.geohash5 and fresh.starts_at = area_hour.starts_at
  where exists (select from batch_user)
    and batch_day.day is null
    and (processed_day.day is null or fresh.day is not null)
), compared as (
  select
    geohash5,
    starts_at,
    coalesce(fresh.day, stored.day) as day,
    fresh.slot,
    fresh.tap_count,
    fresh.user_keys,
    stored.tap_count is not null as is_stored,
    (fresh.day, fresh.slot, fresh.tap_count, fresh.user_keys)
      is distinct from (stored.day, stored.slot, stored.tap_count, stored.user_keys) as differs
  from fresh
  full join stored using (geohash5, starts_at)
), deleted as (
  delete from area_hour as target
  using compared
  where compared.tap_count is null
    and (target.geohash5, target.starts_at) = (compared.geohash5, compared.starts_at)
  returning 1
), updated as (
  update area_hour as target
  set
    day = compared.day,
    slot = compared.slot,
    tap_count = compared.tap_count,
    user_keys = compared.user_keys
  from compared
  where compared.differs
    and compared.tap_count is not null
    and compared.is_stored
    and (target.geohash5, target.starts_at) = (compared.geohash5, compared.starts_at)
  returning 1
), inserted as (
  insert into area_hour (geohash5, starts_at, day, slot, tap_count, user_keys)
  select
    compared.geohash5,
    compared.starts_at,
    compared.day,
    compared.slot,
    compared.tap_count,
    compared.user_keys
  from compared
  where not compared.is_stored
  returning 1
), noted as (
  insert into changed_area_hour (geohash5, week)
  select distinct compared.geohash5, week_number(compared.day)
  from compared
  left join batch_day on batch_day.day = compared.day
  where compared.differs or batch_day.forced
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
