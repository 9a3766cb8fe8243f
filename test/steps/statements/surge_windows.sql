-- stage
create temp table stage as
select
  window_id,
  wanted.area_name,
  wanted.geohash5,
  wanted.start_time,
  wanted.end_time,
  wanted.surge_multiplier,
  wanted.expected_taps,
  wanted.tap_count,
  wanted.unique_users,
  stored.area_name as old_area_name,
  stored.geohash5 as old_geohash5,
  stored.start_time as old_start_time,
  stored.end_time as old_end_time,
  stored.surge_multiplier as old_surge_multiplier,
  stored.expected_taps as old_expected_taps,
  stored.tap_count as old_tap_count,
  stored.unique_users as old_unique_users,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    window_id,
    area_name,
    geohash5,
    start_time,
    end_time,
    surge_multiplier,
    expected_taps,
    tap_count,
    unique_users,
    true as is_wanted
  from (
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
  ) as selected
) as wanted
full join (
  select
    stored.window_id,
    stored.area_name,
    stored.geohash5,
    stored.start_time,
    stored.end_time,
    stored.surge_multiplier,
    stored.expected_taps,
    stored.tap_count,
    stored.unique_users,
    true as is_stored
  from (
    select geohash5 from changed_surge_area
    union
    select geohash5 from renamed_surge_area
  ) as scope
  join surge_windows as stored on stored.geohash5 = scope.geohash5
) as stored using (window_id)
where (wanted.is_wanted, wanted.area_name, wanted.geohash5, wanted.start_time, wanted.end_time, wanted.surge_multiplier, wanted.expected_taps, wanted.tap_count, wanted.unique_users)
  is distinct from (stored.is_stored, stored.area_name, stored.geohash5, stored.start_time, stored.end_time, stored.surge_multiplier, stored.expected_taps, stored.tap_count, stored.unique_users);

-- delete
delete from surge_windows as target
using stage
where not stage.is_wanted
  and target.window_id = stage.window_id;

-- upsert
insert into surge_windows as target (window_id, area_name, geohash5, start_time, end_time, surge_multiplier, expected_taps, tap_count, unique_users)
select stage.window_id, stage.area_name, stage.geohash5, stage.start_time, stage.end_time, stage.surge_multiplier, stage.expected_taps, stage.tap_count, stage.unique_users
from stage
where stage.is_wanted
order by stage.window_id
on conflict (window_id) do update set
  area_name = excluded.area_name,
  geohash5 = excluded.geohash5,
  start_time = excluded.start_time,
  end_time = excluded.end_time,
  surge_multiplier = excluded.surge_multiplier,
  expected_taps = excluded.expected_taps,
  tap_count = excluded.tap_count,
  unique_users = excluded.unique_users;
