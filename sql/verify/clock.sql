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
    last.as_of_day,
    (select max(run.last_batch_at) from run) as last_batch_at,
    -- Where a clock is set back at midnight, a day may begin twice, or be over and come back.
    (
      select max(near.moment) + interval '1 minute'
      from generate_series(last.midnight - interval '27 hours', last.midnight + interval '27 hours', '1 minute')
        as near (moment)
      where (near.moment at time zone $1::text)::date <= last.as_of_day
    ) as ends_at
  from (
    select max(day) as as_of_day, (max(day) + 1)::timestamp at time zone $1::text as midnight
    from processed_day
  ) as last
) as latest
returning as_of_day, alive_from_day
