-- Steps 1 to 6 of docs/semantics.md#surges, in exact numbers; a level is kept to nine places, what is expected to six.
create table surge_hour as
with slot_week as (
  select geohash5, (day - date '0001-01-01') / 7 as week, slot, sum(tap_count)::numeric as taps
  from area_hour
  group by geohash5, week, slot
), judged as (
  select seen.geohash5, seen.week, least(8, seen.week - area.first_week) as n
  from (
    select distinct geohash5, (day - date '0001-01-01') / 7 as week
    from area_hour
    where tap_count >= 5 and cardinality(user_keys) >= 5
  ) as seen
  join (select geohash5, min(week) as first_week from slot_week group by geohash5) as area using (geohash5)
  where seen.week - area.first_week >= 3
), before as (
  select
    judged.geohash5,
    judged.week,
    judged.n,
    slot_week.slot,
    array_agg(slot_week.taps order by slot_week.taps desc) as taps,
    sum(slot_week.taps) as sum_of_taps,
    sum(slot_week.taps * slot_week.taps) as sum_of_squares,
    coalesce(sum(slot_week.taps) filter (where slot_week.week >= judged.week - 2), 0) as recent_taps
  from judged
  join slot_week on slot_week.geohash5 = judged.geohash5 and slot_week.week between judged.week - judged.n and judged.week - 1
  group by judged.geohash5, judged.week, judged.n, slot_week.slot
), capped as (
  select
    judged.geohash5,
    judged.week,
    judged.n,
    hour.slot,
    case when judged.n >= 4 then sum_of_taps - taps[1] + coalesce(taps[2], 0) else sum_of_taps end as x,
    case when judged.n >= 4 then sum_of_squares - taps[1] ^ 2 + coalesce(taps[2], 0) ^ 2 else sum_of_squares end as xx,
    recent_taps
  from judged
  cross join generate_series(0, 167) as hour (slot)
  left join before on before.geohash5 = judged.geohash5 and before.week = judged.week and before.slot = hour.slot
), level as (
  select
    geohash5,
    week,
    n,
    slot,
    coalesce(x, 0) as x,
    coalesce(xx, 0) as xx,
    coalesce(recent_taps, 0) as recent_taps,
    round(
      greatest(
        0.02,
        (
          coalesce(x, 0)
          + 4 * (
            0.8 * avg(coalesce(x, 0)) over (partition by geohash5, week, slot % 24, slot >= 120) / n
            + 0.2 * avg(coalesce(x, 0)) over (partition by geohash5, week) / n
          )
        ) / (n + 4)
      ),
      9
    ) as l0
  from capped
), area as (
  select
    geohash5,
    week,
    least(2, greatest(0.67, (sum(recent_taps) + 20) / (2 * sum(l0) + 20))) as g,
    least(6, greatest(1, sum(xx - 2 * l0 * x + n * l0 * l0) / ((min(n) - 1) * sum(l0)))) as f
  from level
  group by geohash5, week
)
select area_hour.geohash5, area_hour.starts_at, area_hour.slot, area_hour.day, area_hour.tap_count, expected.taps as expected_taps
from area_hour
join level
  on level.geohash5 = area_hour.geohash5
  and level.week = (area_hour.day - date '0001-01-01') / 7
  and level.slot = area_hour.slot
join area on area.geohash5 = level.geohash5 and area.week = level.week
cross join lateral (select round(level.l0 * area.g, 6) as taps) as expected
where area_hour.tap_count >= 5
  and cardinality(area_hour.user_keys) >= 5
  and (area_hour.tap_count + 1) / (expected.taps + 1) >= 1.5
  and 2 * (sqrt(area_hour.tap_count + 0.375) - sqrt(expected.taps + 0.375)) / sqrt(area.f) >= 3.5;
alter table surge_hour add primary key (geohash5, starts_at, slot);
create index on surge_hour (day);
