-- The hours that are far above what is expected of them: the method's step 6.
--! reads: surge_scope, surge_slot, area_hour, surge_hour
--! writes: surge_hour, changed_surge_area
--! grain: geohash5, starts_at
--! params: zone
with candidate as materialized (
  -- Found by time: a join on the area alone would meet all of its history.
  select
    surge_scope.geohash5,
    surge_scope.week,
    area_hour.starts_at,
    area_hour.slot,
    area_hour.tap_count
  from surge_scope
  join area_hour
    on area_hour.geohash5 = surge_scope.geohash5
    and area_hour.starts_at >= week_start(surge_scope.week)::timestamp at time zone 'UTC' - interval '1 day'
    and area_hour.starts_at < week_start(surge_scope.week)::timestamp at time zone 'UTC' + interval '8 days'
    and week_number(area_hour.day) = surge_scope.week
  where area_hour.tap_count >= 5
    and cardinality(area_hour.user_keys) >= 5
), judged as (
  select
    candidate.geohash5,
    candidate.starts_at,
    candidate.tap_count,
    surge_slot.expected_taps,
    next_slot.expected_taps as next_expected_taps,
    2 * (sqrt(candidate.tap_count + 0.375) - sqrt(surge_slot.expected_taps + 0.375)) / sqrt(surge_slot.dispersion)
      as z
  from candidate
  join surge_slot
    on surge_slot.geohash5 = candidate.geohash5
    and surge_slot.week = candidate.week
    and surge_slot.slot = candidate.slot
  join surge_slot as next_slot
    on next_slot.geohash5 = candidate.geohash5
    and next_slot.week = candidate.week
    and next_slot.slot = (candidate.slot + 1) % 168
), fresh as (
  select judged.geohash5, judged.starts_at, judged.tap_count, judged.expected_taps, judged.next_expected_taps
  from judged
  where judged.z >= 3.5
    and (judged.tap_count + 1) / (judged.expected_taps + 1) >= 1.5
), stored as (
  select
    surge_hour.geohash5,
    surge_hour.starts_at,
    surge_hour.tap_count,
    surge_hour.expected_taps,
    surge_hour.next_expected_taps
  from surge_hour
  join surge_scope
    on surge_scope.geohash5 = surge_hour.geohash5
    and surge_scope.week = week_number((surge_hour.starts_at at time zone $1::text)::date)
), compared as (
  select
    geohash5,
    starts_at,
    fresh.tap_count,
    fresh.expected_taps,
    fresh.next_expected_taps,
    stored.tap_count is not null as is_stored
  from fresh
  full join stored using (geohash5, starts_at)
  where (fresh.tap_count, fresh.expected_taps, fresh.next_expected_taps)
    is distinct from (stored.tap_count, stored.expected_taps, stored.next_expected_taps)
), deleted as (
  delete from surge_hour as target
  using compared
  where compared.tap_count is null
    and (target.geohash5, target.starts_at) = (compared.geohash5, compared.starts_at)
  returning 1
), updated as (
  update surge_hour as target
  set
    tap_count = compared.tap_count,
    expected_taps = compared.expected_taps,
    next_expected_taps = compared.next_expected_taps
  from compared
  where compared.tap_count is not null
    and compared.is_stored
    and (target.geohash5, target.starts_at) = (compared.geohash5, compared.starts_at)
  returning 1
), inserted as (
  insert into surge_hour (geohash5, starts_at, tap_count, expected_taps, next_expected_taps)
  select
    compared.geohash5,
    compared.starts_at,
    compared.tap_count,
    compared.expected_taps,
    compared.next_expected_taps
  from compared
  where not compared.is_stored
  returning 1
), noted as (
  -- Who was there, and the taps of an hour between two flagged ones, can change without a flagged hour changing.
  insert into changed_surge_area (geohash5)
  select distinct surge_scope.geohash5 from surge_scope
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
