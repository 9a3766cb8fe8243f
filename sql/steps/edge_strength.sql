-- Strength of every pair with a tap on the days L-89 .. L. When L moves every row decays, so all are derived again;
-- when it stays only the pairs whose days changed are.
--! reads: changed_pair_day, batch_user, user_key, pair, pair_day, edge_strength
--! writes: edge_strength
--! fills: edge_strength
--! grain: u1, u2
--! params: as_of_day, as_of_moved
--! runs: as_of_moved
with touched as (
  select changed_pair_day.u1_key, changed_pair_day.u2_key
  from changed_pair_day
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
), recent_day as (
  select pair_day.u1_key, pair_day.u2_key, pair_day.day, pair_day.tap_count, pair_day.last_tap_at
  from pair_day
  where $2::boolean
    and pair_day.day between $1::date - 89 and $1::date
  union all
  select pair_day.u1_key, pair_day.u2_key, pair_day.day, pair_day.tap_count, pair_day.last_tap_at
  from touched
  join pair_day
    on pair_day.u1_key = touched.u1_key
    and pair_day.u2_key = touched.u2_key
    and pair_day.day between $1::date - 89 and $1::date
  where not $2::boolean
), fresh as (
  select
    key1.user_id as u1,
    key2.user_id as u2,
    recent.taps_90d,
    recent.last_tap_at,
    (0.6 * ln(1 + recent.taps_90d::double precision) + 0.4 * exp(($1::date - recent.last_day) / -21.0::double precision))::real
      as strength_f32
  from (
    select
      recent_day.u1_key,
      recent_day.u2_key,
      sum(recent_day.tap_count)::integer as taps_90d,
      max(recent_day.last_tap_at) as last_tap_at,
      max(recent_day.day) as last_day
    from recent_day
    group by recent_day.u1_key, recent_day.u2_key
  ) as recent
  join user_key as key1 on key1.user_key = recent.u1_key
  join user_key as key2 on key2.user_key = recent.u2_key
), stored as (
  select edge_strength.u1, edge_strength.u2, edge_strength.taps_90d, edge_strength.last_tap_at, edge_strength.strength_f32
  from edge_strength
  where $2::boolean
  union all
  select edge_strength.u1, edge_strength.u2, edge_strength.taps_90d, edge_strength.last_tap_at, edge_strength.strength_f32
  from (
    select key1.user_id as u1, key2.user_id as u2
    from changed_pair_day
    join user_key as key1 on key1.user_key = changed_pair_day.u1_key
    join user_key as key2 on key2.user_key = changed_pair_day.u2_key
    union
    select edge_strength.u1, edge_strength.u2
    from batch_user
    join edge_strength on edge_strength.u1 = batch_user.user_id
    union
    select edge_strength.u1, edge_strength.u2
    from batch_user
    join edge_strength on edge_strength.u2 = batch_user.user_id
  ) as known
  join edge_strength on edge_strength.u1 = known.u1 and edge_strength.u2 = known.u2
  where not $2::boolean
), compared as (
  select
    u1,
    u2,
    fresh.taps_90d,
    fresh.last_tap_at,
    fresh.strength_f32,
    stored.taps_90d is not null as is_stored
  from fresh
  full join stored using (u1, u2)
  where (fresh.taps_90d, fresh.last_tap_at, fresh.strength_f32)
    is distinct from (stored.taps_90d, stored.last_tap_at, stored.strength_f32)
), deleted as (
  delete from edge_strength as target
  using compared
  where compared.taps_90d is null
    and (target.u1, target.u2) = (compared.u1, compared.u2)
  returning 1
), updated as (
  update edge_strength as target
  set
    taps_90d = compared.taps_90d,
    last_tap_at = compared.last_tap_at,
    strength_f32 = compared.strength_f32
  from compared
  where compared.taps_90d is not null
    and compared.is_stored
    and (target.u1, target.u2) = (compared.u1, compared.u2)
  returning 1
), inserted as (
  insert into edge_strength (u1, u2, taps_90d, last_tap_at, strength_f32)
  select compared.u1, compared.u2, compared.taps_90d, compared.last_tap_at, compared.strength_f32
  from compared
  where not compared.is_stored
  order by compared.u1, compared.u2
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
