-- The zone, the as-of day, and the earliest last day of a streak that is alive: now, and as of the last batch. The
-- two differ if day L has ended in between; until the next run a streak may be stored either way.
-- $1 zone, $2 whether everything is looked at.
insert into verify_clock (zone, as_of_day, alive_from_day, alive_from_day_then, is_full)
select
  $1::text,
  latest.as_of_day,
  case when now() >= latest.ends_at then latest.as_of_day else latest.as_of_day - 1 end,
  case
    when now() >= latest.ends_at and latest.last_batch_at >= latest.ends_at then latest.as_of_day
    else latest.as_of_day - 1
  end,
  $2::boolean
from (
  select
    max(processed_day.day) as as_of_day,
    (max(processed_day.day) + 1)::timestamp at time zone $1::text as ends_at,
    (select max(run.last_batch_at) from run) as last_batch_at
  from processed_day
) as latest
returning as_of_day, alive_from_day
