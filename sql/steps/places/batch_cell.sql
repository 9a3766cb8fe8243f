-- Where the taps of the batch's days happened: by pair, cell and local clock hour. An hour starts when the local clock
-- shows it: counted back from the tap, so that the hour that a clock set back shows twice is two hours.
--! reads: classified_tap, batch_range, batch_day
--! writes: batch_cell
--! grain: geohash5, starts_at, slot, u1, u2
--! params: zone
--! spread: by_user
with located as (
  select
    geohash5(classified_tap.latitude, classified_tap.longitude) as geohash5,
    local.time::date as day,
    classified_tap.tapped_at - (local.time - date_trunc('hour', local.time)) as starts_at,
    extract(hour from local.time)::integer as hour,
    classified_tap.u1,
    classified_tap.u2,
    classified_tap.tapped_at
  from classified_tap
  join batch_range
    on classified_tap.tap_time >= batch_range.starts_at
    and classified_tap.tap_time < batch_range.ends_at
  cross join lateral (select classified_tap.tapped_at at time zone $1::text as time) as local
  where classified_tap.ignored_because is null
    and classified_tap.latitude is not null
    and classified_tap.longitude is not null
)
select
  located.day,
  located.geohash5,
  located.starts_at,
  (24 * (extract(isodow from located.day) - 1) + located.hour)::smallint as slot,
  located.u1,
  located.u2,
  count(*)::integer as tap_count,
  min(located.tapped_at) as first_tap_at
from located
join batch_day on batch_day.day = located.day and not batch_day.is_frozen
group by located.day, located.geohash5, located.starts_at, located.hour, located.u1, located.u2
