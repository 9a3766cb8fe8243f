-- What each hour of the week is expected to be, for the areas and weeks that have an hour to judge: steps 1 to 5
-- of docs/semantics.md#surges, written for sums over the n baseline weeks. All in numeric: a sum of floats would depend
-- on the order of rows.
--! reads: surge_model, surge_week_slot, surge_capped
--! writes: surge_slot
--! grain: geohash5, week, slot
with recent as (
  select surge_week_slot.model_no, sum(surge_week_slot.taps) as taps
  from surge_week_slot
  where surge_week_slot.weeks_before <= 2
  group by surge_week_slot.model_no
), slot as (
  select
    surge_model.model_no,
    surge_model.n::numeric as n,
    week_hour.slot,
    coalesce(surge_capped.taps, 0) as taps,
    coalesce(surge_capped.square, 0) as square
  from surge_model
  cross join generate_series(0, 167) as week_hour (slot)
  left join surge_capped on surge_capped.model_no = surge_model.model_no and surge_capped.slot = week_hour.slot
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
)
select
  surge_model.geohash5,
  surge_model.week,
  baseline.slot,
  baseline.baseline_taps,
  least(6, greatest(1, area.dispersion)) as dispersion,
  round(
    baseline.baseline_taps
    * least(2, greatest(0.67, (coalesce(recent.taps, 0) + 20) / (2 * area.baseline_taps + 20))),
    6
  ) as expected_taps
from baseline
join area on area.model_no = baseline.model_no
join surge_model on surge_model.model_no = baseline.model_no
left join recent on recent.model_no = baseline.model_no
