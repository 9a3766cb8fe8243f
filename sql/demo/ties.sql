-- The strongest ties.
select
  format('%s and %s', user1.name, user2.name) as tie,
  edge_strength.taps_90d,
  round(edge_strength.strength_f32::numeric, 3)::text as strength
from edge_strength
join app_user as user1 on user1.id = edge_strength.u1
join app_user as user2 on user2.id = edge_strength.u2
order by edge_strength.strength_f32 desc, edge_strength.u1, edge_strength.u2
limit 5
