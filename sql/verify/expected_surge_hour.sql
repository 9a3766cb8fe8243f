-- Every hour with a crowd that can be judged, and what it is judged by: the method of the surges in floating
-- point and literally, each count against its expectation, where the step adds up sums and squares in decimals.
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
), judged as (
  -- n: at most the 8 weeks before, none before the area's first; under 3 there is no judgement.
  select distinct
    candidate.geohash5,
    candidate.week_start,
    least(8, (candidate.week_start - began.first_week_start) / 7) as n
  from candidate
  join began on began.geohash5 = candidate.geohash5
  where candidate.week_start - began.first_week_start >= 21
), observed as (
  -- The hour that a clock set back shows twice counts as one.
  select
    judged.geohash5,
    judged.week_start,
    judged.n,
    area_count.slot,
    area_count.week_start as baseline_week_start,
    sum(area_count.tap_count)::double precision as taps
  from judged
  join area_count
    on area_count.geohash5 = judged.geohash5
    and area_count.week_start between judged.week_start - 7 * judged.n and judged.week_start - 7
  group by judged.geohash5, judged.week_start, judged.n, area_count.slot, area_count.week_start
), recent as (
  select observed.geohash5, observed.week_start, sum(observed.taps) as taps
  from observed
  where observed.baseline_week_start >= observed.week_start - 14
  group by observed.geohash5, observed.week_start
), ceiling as (
  -- Weeks without a tap are counts of 0, so the second-largest of a single one is 0.
  select
    observed.geohash5,
    observed.week_start,
    observed.slot,
    case
      when observed.n >= 4 then coalesce((array_agg(observed.taps order by observed.taps desc))[2], 0)
      else max(observed.taps)
    end as taps
  from observed
  group by observed.geohash5, observed.week_start, observed.n, observed.slot
), capped as (
  select observed.geohash5, observed.week_start, observed.slot, least(observed.taps, ceiling.taps) as taps
  from observed
  join ceiling
    on ceiling.geohash5 = observed.geohash5
    and ceiling.week_start = observed.week_start
    and ceiling.slot = observed.slot
), slot_sum as (
  select capped.geohash5, capped.week_start, capped.slot, sum(capped.taps) as taps, count(*) as weeks_with_taps
  from capped
  group by capped.geohash5, capped.week_start, capped.slot
), class_mean as (
  -- 0 to 119 are the hours from Monday to Friday, the rest those of the weekend.
  select
    judged.geohash5,
    judged.week_start,
    clock.hour,
    class.is_weekend,
    coalesce(sum(slot_sum.taps), 0) / (judged.n * case when class.is_weekend then 2 else 5 end) as taps
  from judged
  cross join generate_series(0, 23) as clock (hour)
  cross join (values (false), (true)) as class (is_weekend)
  left join slot_sum
    on slot_sum.geohash5 = judged.geohash5
    and slot_sum.week_start = judged.week_start
    and slot_sum.slot % 24 = clock.hour
    and (slot_sum.slot >= 120) = class.is_weekend
  group by judged.geohash5, judged.week_start, judged.n, clock.hour, class.is_weekend
), area_mean as (
  select judged.geohash5, judged.week_start, coalesce(sum(slot_sum.taps), 0) / (judged.n * 168) as taps
  from judged
  left join slot_sum on slot_sum.geohash5 = judged.geohash5 and slot_sum.week_start = judged.week_start
  group by judged.geohash5, judged.week_start, judged.n
), baseline as (
  select
    judged.geohash5,
    judged.week_start,
    judged.n,
    week_hour.slot,
    judged.n - coalesce(slot_sum.weeks_with_taps, 0) as weeks_without_taps,
    greatest(
      0.02::double precision,
      (coalesce(slot_sum.taps, 0) + 4 * (0.8 * class_mean.taps + 0.2 * area_mean.taps)) / (judged.n + 4)
    ) as taps
  from judged
  cross join generate_series(0, 167) as week_hour (slot)
  join class_mean
    on class_mean.geohash5 = judged.geohash5
    and class_mean.week_start = judged.week_start
    and class_mean.hour = week_hour.slot % 24
    and class_mean.is_weekend = (week_hour.slot >= 120)
  join area_mean on area_mean.geohash5 = judged.geohash5 and area_mean.week_start = judged.week_start
  left join slot_sum
    on slot_sum.geohash5 = judged.geohash5
    and slot_sum.week_start = judged.week_start
    and slot_sum.slot = week_hour.slot
), deviation as (
  select baseline.geohash5, baseline.week_start, (capped.taps - baseline.taps) ^ 2 as square
  from capped
  join baseline
    on baseline.geohash5 = capped.geohash5
    and baseline.week_start = capped.week_start
    and baseline.slot = capped.slot
  union all
  select baseline.geohash5, baseline.week_start, baseline.weeks_without_taps * baseline.taps ^ 2
  from baseline
), spread as (
  select deviation.geohash5, deviation.week_start, sum(deviation.square) as squares
  from deviation
  group by deviation.geohash5, deviation.week_start
), area as (
  select
    total.geohash5,
    total.week_start,
    least(6, greatest(1, spread.squares / ((total.n - 1) * total.taps))) as dispersion,
    least(2, greatest(0.67, (coalesce(recent.taps, 0) + 20) / (2 * total.taps + 20))) as level
  from (
    select baseline.geohash5, baseline.week_start, baseline.n, sum(baseline.taps) as taps
    from baseline
    group by baseline.geohash5, baseline.week_start, baseline.n
  ) as total
  join spread on spread.geohash5 = total.geohash5 and spread.week_start = total.week_start
  left join recent on recent.geohash5 = total.geohash5 and recent.week_start = total.week_start
), expected as (
  select
    candidate.geohash5,
    candidate.starts_at,
    candidate.day,
    candidate.tap_count,
    area.dispersion,
    area.level * of_hour.taps as expected_taps,
    area.level * of_next.taps as next_expected_taps
  from candidate
  join area on area.geohash5 = candidate.geohash5 and area.week_start = candidate.week_start
  join baseline as of_hour
    on of_hour.geohash5 = candidate.geohash5
    and of_hour.week_start = candidate.week_start
    and of_hour.slot = candidate.slot
  join baseline as of_next
    on of_next.geohash5 = candidate.geohash5
    and of_next.week_start = candidate.week_start
    and of_next.slot = (candidate.slot + 1) % 168
)
insert into expected_surge_hour (
  geohash5, starts_at, day, tap_count, expected_taps, next_expected_taps, z, ratio
)
select
  expected.geohash5,
  expected.starts_at,
  expected.day,
  expected.tap_count,
  expected.expected_taps,
  expected.next_expected_taps,
  2 * (sqrt(expected.tap_count + 0.375) - sqrt(expected.expected_taps + 0.375)) / sqrt(expected.dispersion),
  (expected.tap_count + 1) / (expected.expected_taps + 1)
from expected
