-- In which cells each user tapped on the batch's days. A repair also looks at rows of days that are not processed and of
-- keys that belong to nobody.
--! reads: batch_cell, batch_day, batch_user, user_key, user_cell_day
--! stored: processed_day
--! writes: user_cell_day, changed_user_cell_day
--! fills: user_cell_day
--! grain: user_key, geohash5, day
with visit as (
  select batch_cell.u1 as user_id, batch_cell.geohash5, batch_cell.day, batch_cell.first_tap_at
  from batch_cell
  union all
  select batch_cell.u2, batch_cell.geohash5, batch_cell.day, batch_cell.first_tap_at
  from batch_cell
), fresh as (
  select user_key.user_key, visit.geohash5, visit.day, min(visit.first_tap_at) as first_tap_at
  from visit
  join user_key on user_key.user_id = visit.user_id
  group by user_key.user_key, visit.geohash5, visit.day
), stored as (
  select user_cell_day.user_key, user_cell_day.geohash5, user_cell_day.day, user_cell_day.first_tap_at
  from user_cell_day
  join batch_day on batch_day.day = user_cell_day.day
  union all
  select user_cell_day.user_key, user_cell_day.geohash5, user_cell_day.day, user_cell_day.first_tap_at
  from user_cell_day
  left join processed_day on processed_day.day = user_cell_day.day
  left join batch_day on batch_day.day = user_cell_day.day
  left join user_key on user_key.user_key = user_cell_day.user_key
  where exists (select from batch_user)
    and batch_day.day is null
    and (processed_day.day is null or user_key.user_key is null)
), compared as (
  select
    user_key,
    geohash5,
    day,
    fresh.first_tap_at,
    stored.first_tap_at is not null as is_stored,
    fresh.first_tap_at is distinct from stored.first_tap_at as differs
  from fresh
  full join stored using (user_key, geohash5, day)
), deleted as (
  delete from user_cell_day as target
  using compared
  where compared.first_tap_at is null
    and (target.user_key, target.geohash5, target.day) = (compared.user_key, compared.geohash5, compared.day)
  returning 1
), updated as (
  update user_cell_day as target
  set first_tap_at = compared.first_tap_at
  from compared
  where compared.differs
    and compared.first_tap_at is not null
    and compared.is_stored
    and (target.user_key, target.geohash5, target.day) = (compared.user_key, compared.geohash5, compared.day)
  returning 1
), inserted as (
  insert into user_cell_day (user_key, geohash5, day, first_tap_at)
  select compared.user_key, compared.geohash5, compared.day, compared.first_tap_at
  from compared
  where not compared.is_stored
  order by compared.day, compared.user_key
  returning 1
), noted as (
  insert into changed_user_cell_day (user_key, geohash5)
  select compared.user_key, compared.geohash5
  from compared
  left join batch_day on batch_day.day = compared.day
  where compared.differs or batch_day.forced
  union
  select user_cell_day.user_key, user_cell_day.geohash5
  from batch_user
  join user_key on user_key.user_id = batch_user.user_id
  join user_cell_day on user_cell_day.user_key = user_key.user_key
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
