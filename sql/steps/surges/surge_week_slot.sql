-- The taps of the baseline weeks by hour of the week. The hour that a clock set back shows twice counts as one of its
-- slot. Looked up by area and time: the planner can't know that a few weeks are little of an area's history, and would
-- read all.
--! reads: surge_model, area_hour
--! writes: surge_week_slot
--! grain: model_no, weeks_before, slot
--! avoid: hashjoin, mergejoin
select
  surge_model.model_no,
  surge_model.week - week_number(area_hour.day) as weeks_before,
  area_hour.slot,
  sum(area_hour.tap_count) as taps
from surge_model
join area_hour
  on area_hour.geohash5 = surge_model.geohash5
  and area_hour.starts_at
    >= week_start(surge_model.week - surge_model.n)::timestamp at time zone 'UTC' - interval '1 day'
  and area_hour.starts_at < week_start(surge_model.week)::timestamp at time zone 'UTC' + interval '1 day'
  -- Not on the day itself, whose index knows nothing of areas.
  and week_number(area_hour.day) between surge_model.week - surge_model.n and surge_model.week - 1
group by surge_model.model_no, week_number(area_hour.day), surge_model.week, area_hour.slot
