-- The as-of day that this batch leads to, whether it moved, and the earliest last day of a streak that is still alive:
-- L, or L - 1 while day L lasts. Nothing else in a batch reads the clock.
-- $1 zone, $2 the batch's last day, null if it has none.
-- What it means: docs/semantics.md#streaks.
select
  as_of.as_of_day,
  as_of.as_of_day is distinct from as_of.stored_as_of_day as as_of_moved,
  case
    when now() >= (as_of.as_of_day + 1)::timestamp at time zone $1::text then as_of.as_of_day
    else as_of.as_of_day - 1
  end as alive_from_day
from (
  select greatest(ledger.last_day, $2::date) as as_of_day, ledger.last_day as stored_as_of_day
  from (select max(processed_day.day) as last_day from processed_day) as ledger
) as as_of
