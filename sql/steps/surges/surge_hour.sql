-- The hours that are far above what is expected of them: step 6 of docs/semantics.md#surges.
--! reads: surge_scope, surge_slot, area_hour
--! writes: surge_hour
--! grain: geohash5, starts_at, slot
--! values: day, tap_count, expected_taps
with candidate as (
  -- Found by time: a join on the area alone would meet all of its history.
  select
    area_hour.geohash5,
    area_hour.starts_at,
    area_hour.slot,
    area_hour.day,
    surge_scope.week,
    area_hour.tap_count
  from surge_scope
  join area_hour
    on area_hour.geohash5 = surge_scope.geohash5
    and area_hour.starts_at >= week_start(surge_scope.week)::timestamp at time zone 'UTC' - interval '1 day'
    and area_hour.starts_at < week_start(surge_scope.week)::timestamp at time zone 'UTC' + interval '8 days'
    and week_number(area_hour.day) = surge_scope.week
  where area_hour.tap_count >= 5
    and cardinality(area_hour.user_keys) >= 5
)
select
  candidate.geohash5,
  candidate.starts_at,
  candidate.slot,
  candidate.day,
  candidate.tap_count,
  surge_slot.expected_taps
from candidate
join surge_slot
  on surge_slot.geohash5 = candidate.geohash5
  and surge_slot.week = candidate.week
  and surge_slot.slot = candidate.slot
where (candidate.tap_count + 1) / (surge_slot.expected_taps + 1) >= 1.5
  and 2 * (sqrt(candidate.tap_count + 0.375) - sqrt(surge_slot.expected_taps + 0.375)) / sqrt(surge_slot.dispersion)
    >= 3.5
--: stored
from surge_scope
join surge_hour as stored
  on stored.geohash5 = surge_scope.geohash5 and week_number(stored.day) = surge_scope.week
--: noted changed_surge_area
-- Who was there can change without a flagged hour changing.
select distinct surge_scope.geohash5 from surge_scope
