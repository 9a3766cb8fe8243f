-- The first tap of a user in a cell, from all their days there. A repair also removes rows of keys that belong to nobody.
--! reads: changed_user_cell_day, batch_user, user_key, user_cell_day, user_cell
--! writes: user_cell, changed_user_cell
--! fills: user_cell
--! grain: user_key, geohash5
with scope as (
  select user_key, geohash5 from changed_user_cell_day
  union
  select user_cell.user_key, user_cell.geohash5
  from batch_user
  join user_key on user_key.user_id = batch_user.user_id
  join user_cell on user_cell.user_key = user_key.user_key
  union
  select user_cell.user_key, user_cell.geohash5
  from user_cell
  left join user_key on user_key.user_key = user_cell.user_key
  where exists (select from batch_user)
    and user_key.user_key is null
), fresh as (
  select
    scope.user_key,
    scope.geohash5,
    min(user_cell_day.day) as first_day,
    min(user_cell_day.first_tap_at) as first_tap_at
  from scope
  join user_cell_day on user_cell_day.user_key = scope.user_key and user_cell_day.geohash5 = scope.geohash5
  group by scope.user_key, scope.geohash5
), stored as (
  select user_cell.user_key, user_cell.geohash5, user_cell.first_day, user_cell.first_tap_at
  from scope
  join user_cell on user_cell.user_key = scope.user_key and user_cell.geohash5 = scope.geohash5
), compared as (
  select
    user_key,
    geohash5,
    fresh.first_day,
    fresh.first_tap_at,
    stored.first_day as old_first_day,
    (fresh.first_day, fresh.first_tap_at) is distinct from (stored.first_day, stored.first_tap_at) as differs
  from fresh
  full join stored using (user_key, geohash5)
), deleted as (
  delete from user_cell as target
  using compared
  where compared.first_day is null
    and (target.user_key, target.geohash5) = (compared.user_key, compared.geohash5)
  returning 1
), updated as (
  update user_cell as target
  set first_day = compared.first_day, first_tap_at = compared.first_tap_at
  from compared
  where compared.differs
    and compared.first_day is not null
    and compared.old_first_day is not null
    and (target.user_key, target.geohash5) = (compared.user_key, compared.geohash5)
  returning 1
), inserted as (
  insert into user_cell (user_key, geohash5, first_day, first_tap_at)
  select compared.user_key, compared.geohash5, compared.first_day, compared.first_tap_at
  from compared
  where compared.old_first_day is null
  order by compared.user_key
  returning 1
), noted as (
  insert into changed_user_cell (user_key, old_first_day, new_first_day)
  select compared.user_key, compared.old_first_day, compared.first_day
  from compared
  where compared.differs
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
