-- First and latest tap of the pairs whose days changed, from all their days. Read it as connection.
-- A repair also removes pairs of keys that belong to nobody.
--! reads: changed_pair_day, batch_user, user_key, pair_day, pair
--! writes: pair, changed_pair
--! fills: pair
--! grain: u1_key, u2_key
with scope as (
  select u1_key, u2_key from changed_pair_day
  union
  select pair.u1_key, pair.u2_key
  from batch_user
  join user_key on user_key.user_id = batch_user.user_id
  join pair on pair.u1_key = user_key.user_key
  union
  select pair.u1_key, pair.u2_key
  from batch_user
  join user_key on user_key.user_id = batch_user.user_id
  join pair on pair.u2_key = user_key.user_key
  union
  select pair.u1_key, pair.u2_key
  from pair
  left join user_key as key1 on key1.user_key = pair.u1_key
  left join user_key as key2 on key2.user_key = pair.u2_key
  where exists (select from batch_user)
    and (key1.user_key is null or key2.user_key is null)
), fresh as (
  select
    scope.u1_key,
    scope.u2_key,
    min(pair_day.first_tap_at) as first_tap_at,
    min(pair_day.day) as first_day,
    max(pair_day.last_tap_at) as last_tap_at,
    max(pair_day.day) as last_day,
    sum(pair_day.tap_count)::integer as tap_count
  from scope
  join pair_day on pair_day.u1_key = scope.u1_key and pair_day.u2_key = scope.u2_key
  group by scope.u1_key, scope.u2_key
), stored as (
  select
    pair.u1_key,
    pair.u2_key,
    pair.first_tap_at,
    pair.first_day,
    pair.last_tap_at,
    pair.last_day,
    pair.tap_count
  from scope
  join pair on pair.u1_key = scope.u1_key and pair.u2_key = scope.u2_key
), compared as (
  select
    u1_key,
    u2_key,
    fresh.first_tap_at,
    fresh.first_day,
    fresh.last_tap_at,
    fresh.last_day,
    fresh.tap_count,
    stored.first_day as old_first_day,
    (fresh.first_tap_at, fresh.first_day, fresh.last_tap_at, fresh.last_day, fresh.tap_count)
      is distinct from (stored.first_tap_at, stored.first_day, stored.last_tap_at, stored.last_day, stored.tap_count)
      as differs
  from fresh
  full join stored using (u1_key, u2_key)
), deleted as (
  delete from pair as target
  using compared
  where compared.first_day is null
    and (target.u1_key, target.u2_key) = (compared.u1_key, compared.u2_key)
  returning 1
), updated as (
  update pair as target
  set
    first_tap_at = compared.first_tap_at,
    first_day = compared.first_day,
    last_tap_at = compared.last_tap_at,
    last_day = compared.last_day,
    tap_count = compared.tap_count
  from compared
  where compared.differs
    and compared.first_day is not null
    and compared.old_first_day is not null
    and (target.u1_key, target.u2_key) = (compared.u1_key, compared.u2_key)
  returning 1
), inserted as (
  insert into pair (u1_key, u2_key, first_tap_at, first_day, last_tap_at, last_day, tap_count)
  select
    compared.u1_key,
    compared.u2_key,
    compared.first_tap_at,
    compared.first_day,
    compared.last_tap_at,
    compared.last_day,
    compared.tap_count
  from compared
  where compared.old_first_day is null
  order by compared.u1_key, compared.u2_key
  returning 1
), noted as (
  insert into changed_pair (u1_key, u2_key, old_first_day, new_first_day)
  select compared.u1_key, compared.u2_key, compared.old_first_day, compared.first_day
  from compared
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
