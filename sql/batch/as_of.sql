-- The as-of day that this batch leads to, whether it moved, and the earliest last day of a streak that is still alive:
-- L, or L - 1 while day L lasts. The only use of the clock.
-- $1 zone.
select
  as_of.as_of_day,
  as_of.as_of_day is distinct from as_of.stored_as_of_day or as_of.is_forced as as_of_moved,
  case
    when now() >= (as_of.as_of_day + 1)::timestamp at time zone $1::text then as_of.as_of_day
    else as_of.as_of_day - 1
  end as alive_from_day
from (
  select
    greatest(
      (select max(processed_day.day) from processed_day),
      (select max(batch_day.day) from batch_day)
    ) as as_of_day,
    (select max(processed_day.day) from processed_day) as stored_as_of_day,
    exists (select from batch_day where batch_day.forced) as is_forced
) as as_of
