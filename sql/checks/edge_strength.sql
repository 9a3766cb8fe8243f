-- Edges of the verified users on the 90 days that end with $1, the as-of day.
--! table: edge_strength
--! says: ties of the last 90 days, recomputed
--! params: as_of_day
with recent as (
  select
    fact.u1,
    fact.u2,
    sum(fact.tap_count)::integer as taps_90d,
    max(fact.last_tap_at) as last_tap_at,
    max(fact.day) as last_day
  from fact
  where fact.day > $1::date - 90
    and fact.day <= $1::date
    and exists (select from verify_user where verify_user.user_id in (fact.u1, fact.u2))
  group by fact.u1, fact.u2
), expected as (
  select
    recent.u1,
    recent.u2,
    recent.taps_90d,
    recent.last_tap_at,
    (0.6 * ln(recent.taps_90d + 1.0::double precision)
      + 0.4 * exp(-(($1::date - recent.last_day) / 21.0::double precision)))::real as strength_f32
  from recent
), own_edge as (
  select edge_strength.u1, edge_strength.u2
  from verify_user
  join edge_strength on edge_strength.u1 = verify_user.user_id
  union
  select edge_strength.u1, edge_strength.u2
  from verify_user
  join edge_strength on edge_strength.u2 = verify_user.user_id
), stored as (
  select
    edge_strength.u1,
    edge_strength.u2,
    edge_strength.taps_90d,
    edge_strength.last_tap_at,
    edge_strength.strength_f32
  from own_edge
  join edge_strength on edge_strength.u1 = own_edge.u1 and edge_strength.u2 = own_edge.u2
), compared as (
  select
    u1,
    u2,
    expected.taps_90d is not null as is_expected,
    stored.taps_90d is not null as is_stored,
    expected.taps_90d as expected_taps,
    stored.taps_90d as stored_taps,
    expected.last_tap_at as expected_last_tap_at,
    stored.last_tap_at as stored_last_tap_at,
    expected.strength_f32 as expected_strength,
    -- The last bit of a real may differ between two ways to write one formula.
    case
      when abs(stored.strength_f32 - expected.strength_f32) <= 2e-7 * expected.strength_f32 then expected.strength_f32
      else stored.strength_f32
    end as stored_strength
  from expected
  full join stored using (u1, u2)
  where (expected.taps_90d, expected.last_tap_at, expected.strength_f32)
    is distinct from (stored.taps_90d, stored.last_tap_at, stored.strength_f32)
)
select
  format('u1 %s, u2 %s', compared.u1, compared.u2) as key,
  compared.u1 as user_id,
  compared.u2 as other_id,
  null::date as day,
  difference.column_name,
  difference.stored,
  difference.expected,
  null::date as mark_day,
  compared.u1 as mark_user
from compared
cross join lateral (
  values
    (
      'row',
      case when compared.is_stored then 'there' else 'missing' end,
      case when compared.is_expected then 'there' else 'no row' end
    ),
    ('taps_90d', compared.stored_taps::text, compared.expected_taps::text),
    ('last_tap_at', compared.stored_last_tap_at::text, compared.expected_last_tap_at::text),
    ('strength_f32', compared.stored_strength::text, compared.expected_strength::text)
) as difference (column_name, stored, expected)
where difference.stored is distinct from difference.expected
  and (difference.column_name = 'row' or (compared.is_stored and compared.is_expected))
