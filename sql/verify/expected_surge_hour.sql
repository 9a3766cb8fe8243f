-- Every hour with enough taps and users that can be judged, with the figures it is judged by. This is the method of
-- docs/semantics.md written literally, count by count and in floating point; the step uses sums, squares and decimals.
with candidate as (
  select area_count.geohash5, area_count.starts_at, area_count.day, area_count.week_start, area_count.slot, area_count.tap_count
  from area_count
  join verify_day on verify_day.day = area_count.day and not verify_day.is_stale
  where area_count.tap_count >= 5
    and area_count.user_count >= 5
), began as (
  select area_count.geohash5, min(area_count.week_start) as first_week_start
  from area_count
  group by area_count.geohash5
), judged as materialized (
  -- n: at most the 8 weeks before, none before the area's first; under 3 there is no judgement.
  -- Numbered, because the rest sorts and joins by it.
  select
    row_number() over () as number,
    area_week.geohash5,
    area_week.week_start,
    least(8, (area_week.week_start - began.first_week_start) / 7) as n
  from (select distinct candidate.geohash5, candidate.week_start from candidate) as area_week
  join began on began.geohash5 = area_week.geohash5
  where area_week.week_start - began.first_week_start >= 21
), observed as (
  -- The hour that a clock set back shows twice counts as one.
  select
    judged.number,
    judged.n,
    area_count.slot,
    earlier.weeks <= 2 as is_recent,
    sum(area_count.tap_count)::double precision as taps
  from judged
  cross join lateral generate_series(1, judged.n) as earlier (weeks)
  join area_count
    on area_count.geohash5 = judged.geohash5
    and area_count.week_start = judged.week_start - 7 * earlier.weeks
  group by judged.number, judged.n, area_count.slot, earlier.weeks
), history as (
  -- Weeks without a tap are counts of 0, so the second-largest of a single one is 0.
  select
    observed.number,
    observed.slot,
    array_agg(observed.taps) as counts,
    case
      when observed.n >= 4 then coalesce((array_agg(observed.taps order by observed.taps desc))[2], 0)
      else max(observed.taps)
    end as ceiling,
    sum(observed.taps) filter (where observed.is_recent) as recent_taps
  from observed
  group by observed.number, observed.n, observed.slot
), slot as materialized (
  select
    judged.number,
    judged.n,
    week_hour.slot,
    week_hour.slot >= 120 as is_weekend,
    history.counts,
    history.ceiling,
    coalesce((select sum(least(week.taps, history.ceiling)) from unnest(history.counts) as week (taps)), 0) as taps,
    coalesce(history.recent_taps, 0) as recent_taps
  from judged
  cross join generate_series(0, 167) as week_hour (slot)
  left join history on history.number = judged.number and history.slot = week_hour.slot
), baseline as (
  select
    slot.number,
    slot.n,
    slot.slot,
    slot.counts,
    slot.ceiling,
    slot.recent_taps,
    greatest(
      0.02::double precision,
      (slot.taps + 4 * (0.8 * avg(slot.taps / slot.n) over same_hour + 0.2 * avg(slot.taps / slot.n) over same_week))
        / (slot.n + 4)
    ) as taps
  from slot
  window
    same_hour as (partition by slot.number, slot.slot % 24, slot.is_weekend),
    same_week as (partition by slot.number)
), area as (
  select
    baseline.number,
    array_agg(baseline.taps order by baseline.slot) as taps,
    least(6, greatest(1, sum(spread.squares) / ((baseline.n - 1) * sum(baseline.taps)))) as dispersion,
    least(2, greatest(0.67, (sum(baseline.recent_taps) + 20) / (2 * sum(baseline.taps) + 20))) as level
  from baseline
  cross join lateral (
    select
      coalesce(sum((least(week.taps, baseline.ceiling) - baseline.taps) ^ 2), 0)
      + (baseline.n - count(*)) * baseline.taps ^ 2 as squares
    from unnest(baseline.counts) as week (taps)
  ) as spread
  group by baseline.number, baseline.n
), expected as (
  select
    candidate.geohash5,
    candidate.starts_at,
    candidate.day,
    candidate.tap_count,
    area.dispersion,
    candidate.slot,
    area.level * area.taps[candidate.slot + 1] as expected_taps
  from candidate
  join judged on judged.geohash5 = candidate.geohash5 and judged.week_start = candidate.week_start
  join area on area.number = judged.number
), judgement as (
  select
    expected.geohash5,
    expected.day,
    expected.starts_at,
    expected.tap_count,
    expected.slot,
    expected.expected_taps,
    2 * (sqrt(expected.tap_count + 0.375) - sqrt(expected.expected_taps + 0.375)) / sqrt(expected.dispersion) as z,
    (expected.tap_count + 1) / (expected.expected_taps + 1) as ratio
  from expected
)
insert into expected_surge_hour (
  geohash5, day, starts_at, tap_count, slot, expected_taps, is_flagged
)
select
  judgement.geohash5,
  judgement.day,
  judgement.starts_at,
  judgement.tap_count,
  judgement.slot,
  judgement.expected_taps,
  -- The step rounds differently, so an hour exactly on the bound may be judged either way; the stored judgement is
  -- taken.
  case
    when abs(judgement.z - 3.5) < 0.000001 or abs(judgement.ratio - 1.5) < 0.000001 then surge_hour.starts_at is not null
    else judgement.z >= 3.5 and judgement.ratio >= 1.5
  end
from judgement
left join surge_hour
  on surge_hour.geohash5 = judgement.geohash5
  and surge_hour.starts_at = judgement.starts_at
  and surge_hour.slot = judgement.slot
