-- What each hour of the week is expected to be, for the areas and weeks that have an hour to judge: the method's steps 1
-- to 5, written for sums over the n baseline weeks. All in numeric: a sum of floats would depend on the order of rows.
--! reads: surge_scope, area_hour
--! writes: surge_slot
--! grain: geohash5, week, slot
with model as materialized (
  -- n: the weeks before, at most 8, none before the area's first; under 3 there is no judgement. A number stands for area
  -- and week: everything below is sorted by it many times.
  select
    row_number() over ()::integer as model_no,
    surge_scope.geohash5,
    surge_scope.week,
    least(8, surge_scope.week - surge_scope.first_week) as n
  from surge_scope
  where surge_scope.week - surge_scope.first_week >= 3
    and exists (
      select
      from area_hour
      where area_hour.geohash5 = surge_scope.geohash5
        and area_hour.starts_at >= week_start(surge_scope.week)::timestamp at time zone 'UTC' - interval '1 day'
        and area_hour.starts_at < week_start(surge_scope.week)::timestamp at time zone 'UTC' + interval '8 days'
        and week_number(area_hour.day) = surge_scope.week
        and area_hour.tap_count >= 5
        and cardinality(area_hour.user_keys) >= 5
    )
), week_slot as materialized (
  -- The hour that a clock set back shows twice counts as one of its slot.
  select
    model.model_no,
    model.n,
    model.week - week_number(area_hour.day) as weeks_before,
    area_hour.slot,
    sum(area_hour.tap_count) as taps
  from model
  join area_hour
    on area_hour.geohash5 = model.geohash5
    and area_hour.starts_at >= week_start(model.week - model.n)::timestamp at time zone 'UTC' - interval '1 day'
    and area_hour.starts_at < week_start(model.week)::timestamp at time zone 'UTC' + interval '1 day'
    and area_hour.day >= week_start(model.week - model.n)
    and area_hour.day < week_start(model.week)
  group by model.model_no, model.n, week_number(area_hour.day), model.week, area_hour.slot
), recent as (
  select week_slot.model_no, sum(week_slot.taps) as taps
  from week_slot
  where week_slot.weeks_before <= 2
  group by week_slot.model_no
), ranked as (
  select
    week_slot.model_no,
    week_slot.n,
    week_slot.slot,
    week_slot.taps,
    row_number() over slot_weeks as place,
    coalesce(lead(week_slot.taps) over slot_weeks, 0) as next_taps
  from week_slot
  window slot_weeks as (partition by week_slot.model_no, week_slot.slot order by week_slot.taps desc)
), capped as (
  -- One past event must not hide the next: the largest of four or more counts as the second-largest.
  select
    ranked.model_no,
    ranked.slot,
    sum(ranked.capped_taps) as taps,
    sum(ranked.capped_taps * ranked.capped_taps) as square
  from (
    select
      ranked.model_no,
      ranked.slot,
      case when ranked.place = 1 and ranked.n >= 4 then ranked.next_taps else ranked.taps end as capped_taps
    from ranked
  ) as ranked
  group by ranked.model_no, ranked.slot
), slot as (
  select
    model.model_no,
    model.n::numeric as n,
    week_hour.slot,
    coalesce(capped.taps, 0) as taps,
    coalesce(capped.square, 0) as square
  from model
  cross join generate_series(0, 167) as week_hour (slot)
  left join capped on capped.model_no = model.model_no and capped.slot = week_hour.slot
), smoothed as (
  select
    slot.model_no,
    slot.n,
    slot.slot,
    slot.taps,
    slot.square,
    0.8 * sum(slot.taps) over (partition by slot.model_no, slot.slot % 24, slot.slot >= 120)
      / (slot.n * case when slot.slot >= 120 then 2 else 5 end)
    + 0.2 * sum(slot.taps) over (partition by slot.model_no) / (slot.n * 168) as mean_taps
  from slot
), baseline as (
  select
    smoothed.model_no,
    smoothed.n,
    smoothed.slot,
    smoothed.taps,
    smoothed.square,
    round(greatest(0.02, (smoothed.taps + 4 * smoothed.mean_taps) / (smoothed.n + 4)), 9) as baseline_taps
  from smoothed
), area as (
  select
    baseline.model_no,
    sum(baseline.baseline_taps) as baseline_taps,
    sum(
      baseline.square - 2 * baseline.baseline_taps * baseline.taps
      + baseline.n * baseline.baseline_taps * baseline.baseline_taps
    ) / ((min(baseline.n) - 1) * sum(baseline.baseline_taps)) as dispersion
  from baseline
  group by baseline.model_no
), added as (
  insert into surge_slot (geohash5, week, slot, baseline_taps, dispersion, expected_taps)
  select
    model.geohash5,
    model.week,
    baseline.slot,
    baseline.baseline_taps,
    least(6, greatest(1, area.dispersion)),
    round(
      baseline.baseline_taps
      * least(2, greatest(0.67, (coalesce(recent.taps, 0) + 20) / (2 * area.baseline_taps + 20))),
      6
    )
  from baseline
  join area on area.model_no = baseline.model_no
  join model on model.model_no = baseline.model_no
  left join recent on recent.model_no = baseline.model_no
  returning 1
)
select count(*)::integer as inserted, 0 as updated, 0 as deleted from added
