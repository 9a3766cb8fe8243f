-- Step 7: hours with at most one between them are one window.
create table surge_windows as
select
  hour.geohash5 || to_char(min(hour.starts_at) at time zone 'UTC', '-YYYYMMDD"T"HH24MI"Z"') as window_id,
  surge_area.area_name,
  hour.geohash5,
  min(hour.starts_at) as start_time,
  max(hour.starts_at) + interval '1 hour' as end_time,
  round(least(10, (sum(hour.tap_count) + 1) / (sum(hour.expected_taps) + 1)), 2)::numeric(4, 2) as surge_multiplier,
  round(sum(hour.expected_taps), 3)::numeric(14, 3) as expected_taps,
  sum(hour.tap_count)::integer as tap_count,
  (
    select count(distinct present.user_key)
    from area_hour
    cross join lateral unnest(area_hour.user_keys) as present (user_key)
    where area_hour.geohash5 = hour.geohash5 and area_hour.starts_at = any (array_agg(hour.starts_at))
  )::integer as unique_users
from (
  select *, sum(is_first::integer) over (partition by geohash5 order by starts_at) as number
  from (
    select
      *,
      coalesce(starts_at - lag(starts_at) over (partition by geohash5 order by starts_at) > interval '2 hours', true) as is_first
    from surge_hour
  ) as flagged
) as hour
join surge_area using (geohash5)
group by hour.geohash5, hour.number, surge_area.area_name;
alter table surge_windows add primary key (window_id);
create index on surge_windows (geohash5, start_time);
create index on surge_windows (start_time, end_time);
