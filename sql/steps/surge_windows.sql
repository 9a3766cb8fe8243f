-- Flagged hours at most one hour apart, joined: the method's step 7. An hour between two of them belongs to the window,
-- with its taps and what was expected of it.
--! reads: batch_day, batch_user, changed_surge_area, renamed_surge_area, surge_hour, surge_area, area_hour, surge_windows
--! writes: surge_windows
--! grain: window_id
--! params: zone
with scope as (
  select geohash5 from changed_surge_area
  union
  select geohash5 from renamed_surge_area
  union
  select surge_windows.geohash5
  from batch_day
  join surge_windows
    on surge_windows.start_time >= batch_day.day::timestamp at time zone $1::text
    and surge_windows.start_time < (batch_day.day + 1)::timestamp at time zone $1::text
  where batch_day.forced
  union
  -- A repair joins all areas again: a window may be of none.
  select surge_windows.geohash5 from surge_windows where exists (select from batch_user)
  union
  select surge_hour.geohash5 from surge_hour where exists (select from batch_user)
), flagged as (
  select
    surge_hour.geohash5,
    surge_hour.starts_at,
    surge_hour.expected_taps,
    surge_hour.next_expected_taps,
    surge_hour.starts_at - lag(surge_hour.starts_at) over by_time as since_last,
    lead(surge_hour.starts_at) over by_time - surge_hour.starts_at as until_next
  from scope
  join surge_hour on surge_hour.geohash5 = scope.geohash5
  window by_time as (partition by surge_hour.geohash5 order by surge_hour.starts_at)
), numbered as (
  select
    flagged.geohash5,
    flagged.starts_at,
    flagged.expected_taps
      + case
        when flagged.until_next > interval '1 hour' and flagged.until_next <= interval '2 hours'
          then flagged.next_expected_taps
        else 0
      end as expected_taps,
    count(*) filter (where flagged.since_last is null or flagged.since_last > interval '2 hours')
      over (partition by flagged.geohash5 order by flagged.starts_at) as window_number
  from flagged
), joined as (
  select
    numbered.geohash5,
    min(numbered.starts_at) as start_time,
    max(numbered.starts_at) + interval '1 hour' as end_time,
    sum(numbered.expected_taps) as expected_taps
  from numbered
  group by numbered.geohash5, numbered.window_number
), tapped as (
  select joined.geohash5, joined.start_time, sum(area_hour.tap_count)::integer as tap_count
  from joined
  join area_hour
    on area_hour.geohash5 = joined.geohash5
    and area_hour.starts_at >= joined.start_time
    and area_hour.starts_at < joined.end_time
  group by joined.geohash5, joined.start_time
), crowd as (
  select joined.geohash5, joined.start_time, count(distinct present.user_key)::integer as unique_users
  from joined
  join area_hour
    on area_hour.geohash5 = joined.geohash5
    and area_hour.starts_at >= joined.start_time
    and area_hour.starts_at < joined.end_time
  cross join lateral unnest(area_hour.user_keys) as present (user_key)
  group by joined.geohash5, joined.start_time
), fresh as (
  select
    joined.geohash5 || to_char(joined.start_time at time zone 'UTC', '-YYYYMMDD"T"HH24MI"Z"') as window_id,
    surge_area.area_name,
    joined.geohash5,
    joined.start_time,
    joined.end_time,
    round(least(10, (tapped.tap_count + 1) / (joined.expected_taps + 1)), 2) as surge_multiplier,
    round(joined.expected_taps, 3) as expected_taps,
    tapped.tap_count,
    crowd.unique_users
  from joined
  join tapped on tapped.geohash5 = joined.geohash5 and tapped.start_time = joined.start_time
  join crowd on crowd.geohash5 = joined.geohash5 and crowd.start_time = joined.start_time
  join surge_area on surge_area.geohash5 = joined.geohash5
), stored as (
  select
    surge_windows.window_id,
    surge_windows.area_name,
    surge_windows.end_time,
    surge_windows.surge_multiplier,
    surge_windows.expected_taps,
    surge_windows.tap_count,
    surge_windows.unique_users
  from scope
  join surge_windows on surge_windows.geohash5 = scope.geohash5
), compared as (
  select
    window_id,
    fresh.area_name,
    fresh.geohash5,
    fresh.start_time,
    fresh.end_time,
    fresh.surge_multiplier,
    fresh.expected_taps,
    fresh.tap_count,
    fresh.unique_users,
    stored.tap_count is not null as is_stored
  from fresh
  full join stored using (window_id)
  where (
      fresh.area_name,
      fresh.end_time,
      fresh.surge_multiplier,
      fresh.expected_taps,
      fresh.tap_count,
      fresh.unique_users
    ) is distinct from (
      stored.area_name,
      stored.end_time,
      stored.surge_multiplier,
      stored.expected_taps,
      stored.tap_count,
      stored.unique_users
    )
), deleted as (
  delete from surge_windows as target
  using compared
  where compared.tap_count is null and target.window_id = compared.window_id
  returning 1
), updated as (
  update surge_windows as target
  set
    area_name = compared.area_name,
    end_time = compared.end_time,
    surge_multiplier = compared.surge_multiplier,
    expected_taps = compared.expected_taps,
    tap_count = compared.tap_count,
    unique_users = compared.unique_users
  from compared
  where compared.tap_count is not null
    and compared.is_stored
    and target.window_id = compared.window_id
  returning 1
), inserted as (
  insert into surge_windows (
    window_id, area_name, geohash5, start_time, end_time, surge_multiplier, expected_taps, tap_count, unique_users
  )
  select
    compared.window_id,
    compared.area_name,
    compared.geohash5,
    compared.start_time,
    compared.end_time,
    compared.surge_multiplier,
    compared.expected_taps,
    compared.tap_count,
    compared.unique_users
  from compared
  where not compared.is_stored
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
