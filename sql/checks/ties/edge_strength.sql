-- The strength of every tie. Two ways to write the formula may differ in the last bit of a real.
--! table: edge_strength
--! says: ties of the last 90 days, recomputed
--! key: u1, u2
--! compared: taps_90d, last_tap_at, strength_f32
--! excused: strength_f32 where abs(stored.strength_f32 - expected.strength_f32) <= 2e-7 * expected.strength_f32
--! mark_user: u1
--: expected
select
  expected_tie.u1,
  expected_tie.u2,
  expected_tie.taps_90d,
  expected_tie.last_tap_at,
  (expected_tie.often + expected_tie.lately)::real as strength_f32
from expected_tie
--: stored
with own_edge as (
  select edge_strength.u1, edge_strength.u2
  from verify_user
  join edge_strength on edge_strength.u1 = verify_user.user_id
  union
  select edge_strength.u1, edge_strength.u2
  from verify_user
  join edge_strength on edge_strength.u2 = verify_user.user_id
)
select
  edge_strength.u1,
  edge_strength.u2,
  edge_strength.taps_90d,
  edge_strength.last_tap_at,
  edge_strength.strength_f32
from own_edge
join edge_strength on edge_strength.u1 = own_edge.u1 and edge_strength.u2 = own_edge.u2
