-- Where the taps of the batch's days happened: by pair, cell and local clock hour. An hour starts when the local clock
-- shows it: counted back from the tap, so that the hour that a clock set back shows twice is two hours.
--! reads: classified_tap, batch_range, batch_day
--! writes: batch_cell
--! grain: geohash5, starts_at, u1, u2
--! params: zone
with located as (
  select
    (classified_tap.tapped_at at time zone $1::text)::date as day,
    geohash5(classified_tap.latitude, classified_tap.longitude) as geohash5,
    classified_tap.tapped_at
      - (
        (classified_tap.tapped_at at time zone $1::text)
        - date_trunc('hour', classified_tap.tapped_at at time zone $1::text)
      ) as starts_at,
    classified_tap.u1,
    classified_tap.u2,
    classified_tap.tapped_at
  from classified_tap
  join batch_range
    on classified_tap.tap_time >= batch_range.starts_at
    and classified_tap.tap_time < batch_range.ends_at
  where classified_tap.ignored_because is null
    and classified_tap.latitude is not null
    and classified_tap.longitude is not null
), added as (
  insert into batch_cell (day, geohash5, starts_at, u1, u2, tap_count, first_tap_at)
  select
    located.day,
    located.geohash5,
    located.starts_at,
    located.u1,
    located.u2,
    count(*),
    min(located.tapped_at)
  from located
  join batch_day on batch_day.day = located.day
  group by located.day, located.geohash5, located.starts_at, located.u1, located.u2
  returning 1
)
select count(*)::integer as inserted, 0 as updated, 0 as deleted from added
