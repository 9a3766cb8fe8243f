-- Flagged hours with at most one hour between them, joined: step 7 of docs/semantics.md#surges. An hour between two of
-- them only bridges, and counts nowhere.
--! reads: changed_surge_area, renamed_surge_area, surge_hour, surge_area, area_hour
--! writes: surge_windows
--! grain: window_id
--! values: area_name, geohash5, start_time, end_time, surge_multiplier, expected_taps, tap_count, unique_users
with scope as (
  select geohash5 from changed_surge_area
  union
  select geohash5 from renamed_surge_area
), flagged as (
  select
    surge_hour.geohash5,
    surge_hour.starts_at,
    surge_hour.slot,
    surge_hour.tap_count,
    surge_hour.expected_taps,
    surge_hour.starts_at - lag(surge_hour.starts_at) over by_time as since_last
  from scope
  join surge_hour on surge_hour.geohash5 = scope.geohash5
  window by_time as (partition by surge_hour.geohash5 order by surge_hour.starts_at)
), numbered as (
  select
    flagged.geohash5,
    flagged.starts_at,
    flagged.slot,
    flagged.tap_count,
    flagged.expected_taps,
    count(*) filter (where flagged.since_last is null or flagged.since_last > interval '2 hours')
      over (partition by flagged.geohash5 order by flagged.starts_at) as window_number
  from flagged
), crowd as (
  select numbered.geohash5, numbered.window_number, count(distinct present.user_key)::integer as unique_users
  from numbered
  join area_hour
    on area_hour.geohash5 = numbered.geohash5
    and area_hour.starts_at = numbered.starts_at
    and area_hour.slot = numbered.slot
  cross join lateral unnest(area_hour.user_keys) as present (user_key)
  group by numbered.geohash5, numbered.window_number
), joined as (
  select
    numbered.geohash5,
    numbered.window_number,
    min(numbered.starts_at) as start_time,
    max(numbered.starts_at) + interval '1 hour' as end_time,
    sum(numbered.tap_count)::integer as tap_count,
    sum(numbered.expected_taps) as expected_taps
  from numbered
  group by numbered.geohash5, numbered.window_number
)
select
  joined.geohash5 || to_char(joined.start_time at time zone 'UTC', '-YYYYMMDD"T"HH24MI"Z"') as window_id,
  surge_area.area_name,
  joined.geohash5,
  joined.start_time,
  joined.end_time,
  round(least(10, (joined.tap_count + 1) / (joined.expected_taps + 1)), 2)::numeric(4, 2) as surge_multiplier,
  round(joined.expected_taps, 3)::numeric(14, 3) as expected_taps,
  joined.tap_count,
  crowd.unique_users
from joined
join crowd on crowd.geohash5 = joined.geohash5 and crowd.window_number = joined.window_number
join surge_area on surge_area.geohash5 = joined.geohash5
--: stored
from (
  select geohash5 from changed_surge_area
  union
  select geohash5 from renamed_surge_area
) as scope
join surge_windows as stored on stored.geohash5 = scope.geohash5
