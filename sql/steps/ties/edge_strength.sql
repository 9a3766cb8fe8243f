-- Strength of every pair with a tap on the days L-89 .. L. When L moves every row decays, so all are derived again;
-- when it stays only the pairs whose days changed are. Where a clock was set back among those days, the latest tap may
-- be of the day before the last one: its own date counts. $1 is L, $2 whether it moved, $3 the zone.
-- What it means: docs/semantics.md#ties.
--! reads: changed_pair_day, user_key, pair_day
--! writes: edge_strength
--! grain: u1, u2
--! values: taps_90d, last_tap_at, strength_f32
--! params: as_of_day, as_of_moved, zone
--! runs: as_of_moved
--! spread: by_user
with turned as (
  select
    exists (
      select 1
      from generate_series(0, 89) as back (days)
      cross join lateral (select ($1::date - back.days)::timestamp + interval '12 hours' as noon) as here
      where here.noon at time zone $3::text - (here.noon - interval '1 day') at time zone $3::text > interval '24 hours'
    ) as is_turned
), recent_day as (
  select pair_day.u1_key, pair_day.u2_key, pair_day.day, pair_day.tap_count, pair_day.last_tap_at
  from pair_day
  where $2::boolean
    and pair_day.day between $1::date - 89 and $1::date
  union all
  select pair_day.u1_key, pair_day.u2_key, pair_day.day, pair_day.tap_count, pair_day.last_tap_at
  from (select distinct u1_key, u2_key from changed_pair_day) as changed
  join pair_day
    on pair_day.u1_key = changed.u1_key
    and pair_day.u2_key = changed.u2_key
    and pair_day.day between $1::date - 89 and $1::date
  where not $2::boolean
), recent as (
  select
    recent_day.u1_key,
    recent_day.u2_key,
    sum(recent_day.tap_count)::integer as taps_90d,
    max(recent_day.last_tap_at) as last_tap_at,
    case
      when (select turned.is_turned from turned) then (max(recent_day.last_tap_at) at time zone $3::text)::date
      else max(recent_day.day)
    end as last_day
  from recent_day
  group by recent_day.u1_key, recent_day.u2_key
)
select
  key1.user_id as u1,
  key2.user_id as u2,
  recent.taps_90d,
  recent.last_tap_at,
  (0.6 * ln(1 + recent.taps_90d::double precision) + 0.4 * exp(($1::date - recent.last_day) / -21.0::double precision))::real
    as strength_f32
from recent
join own_user as key1 on key1.user_key = recent.u1_key
join user_key as key2 on key2.user_key = recent.u2_key
--: stored
from edge_strength as stored
where $2::boolean
--: stored
from (select distinct u1_key, u2_key from changed_pair_day) as changed
join user_key as key1 on key1.user_key = changed.u1_key
join user_key as key2 on key2.user_key = changed.u2_key
join edge_strength as stored on stored.u1 = key1.user_id and stored.u2 = key2.user_id
where not $2::boolean
