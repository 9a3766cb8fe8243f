-- stage
create temp table stage as
select
  geohash5,
  starts_at,
  slot,
  wanted.day,
  wanted.tap_count,
  wanted.expected_taps,
  stored.day as old_day,
  stored.tap_count as old_tap_count,
  stored.expected_taps as old_expected_taps,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    geohash5,
    starts_at,
    slot,
    day,
    tap_count,
    expected_taps,
    true as is_wanted
  from (
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
  ) as selected
) as wanted
full join (
  select
    stored.geohash5,
    stored.starts_at,
    stored.slot,
    stored.day,
    stored.tap_count,
    stored.expected_taps,
    true as is_stored
  from surge_scope
  join surge_hour as stored
    on stored.geohash5 = surge_scope.geohash5 and week_number(stored.day) = surge_scope.week
) as stored using (geohash5, starts_at, slot)
where (wanted.is_wanted, wanted.day, wanted.tap_count, wanted.expected_taps)
  is distinct from (stored.is_stored, stored.day, stored.tap_count, stored.expected_taps);

-- delete
delete from surge_hour as target
using stage
where not stage.is_wanted
  and (target.geohash5, target.starts_at, target.slot) = (stage.geohash5, stage.starts_at, stage.slot);

-- upsert
insert into surge_hour as target (geohash5, starts_at, slot, day, tap_count, expected_taps)
select stage.geohash5, stage.starts_at, stage.slot, stage.day, stage.tap_count, stage.expected_taps
from stage
where stage.is_wanted
order by stage.geohash5, stage.starts_at, stage.slot
on conflict (geohash5, starts_at, slot) do update set
  day = excluded.day,
  tap_count = excluded.tap_count,
  expected_taps = excluded.expected_taps;

-- note
insert into changed_surge_area (geohash5)
select distinct surge_scope.geohash5 from surge_scope;
