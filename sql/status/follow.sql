-- How live the figures are: the oldest change that is not counted yet, and the cycles of the last hour.
-- $1 the recorded zone: a tap of a day that has not begun waits for it.
select
  extract(epoch from now() - waiting.noted_at)::float8 * 1000 as oldest_change_ms,
  cycle.cycle_count,
  cycle.median_ms,
  cycle.worst_ms,
  cycle.worst_lag_ms
from (
  select least(
    (select min(change_queue.noted_at) from change_queue),
    (
      select min(greatest(captured_day.noted_at, captured_day.day::timestamp at time zone $1::text))
      from captured_day
      where captured_day.day <= (now() at time zone $1::text)::date
    )
  ) as noted_at
) as waiting
cross join (
  select
    count(*)::integer as cycle_count,
    percentile_cont(0.5) within group (order by one.cycle_ms) as median_ms,
    max(one.cycle_ms) as worst_ms,
    max(one.lag_ms) as worst_lag_ms
  from follow_minute
  cross join lateral unnest(follow_minute.cycle_ms, follow_minute.lag_ms) as one (cycle_ms, lag_ms)
  where follow_minute.minute >= now() - interval '1 hour'
) as cycle
