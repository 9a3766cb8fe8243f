-- What users $1 and $2, in this order, have had with each other: all their taps, and the parts of their tie's strength.
select
  verify_clock.as_of_day - 89 as from_day,
  coalesce((select expected_pair.tap_count from expected_pair where (expected_pair.u1, expected_pair.u2) = ($1::uuid, $2::uuid)), 0)
    as tap_count,
  coalesce(expected_tie.taps_90d, 0) as taps_90d,
  expected_tie.last_day,
  expected_tie.age_days,
  expected_tie.often,
  expected_tie.lately,
  expected_tie.often + expected_tie.lately as strength
from verify_clock
left join expected_tie on (expected_tie.u1, expected_tie.u2) = ($1::uuid, $2::uuid)
