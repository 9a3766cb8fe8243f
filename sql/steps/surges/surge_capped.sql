-- The taps of each hour of the week over the baseline weeks, and their squares. One past event must not hide the next:
-- the largest of four or more weeks counts as the second-largest.
--! reads: surge_model, surge_week_slot
--! writes: surge_capped
--! grain: model_no, slot
with ranked as (
  select
    surge_week_slot.model_no,
    surge_week_slot.slot,
    surge_week_slot.taps,
    row_number() over slot_weeks as place,
    coalesce(lead(surge_week_slot.taps) over slot_weeks, 0) as next_taps
  from surge_week_slot
  window slot_weeks as (
    partition by surge_week_slot.model_no, surge_week_slot.slot order by surge_week_slot.taps desc
  )
), capped as (
  select
    ranked.model_no,
    ranked.slot,
    case when ranked.place = 1 and surge_model.n >= 4 then ranked.next_taps else ranked.taps end as taps
  from ranked
  join surge_model on surge_model.model_no = ranked.model_no
)
select capped.model_no, capped.slot, sum(capped.taps) as taps, sum(capped.taps * capped.taps) as square
from capped
group by capped.model_no, capped.slot
