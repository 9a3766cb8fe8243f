-- Notes what a follower did in the last minute, and deletes notes older than an hour. Times are by the server's clock,
-- which status uses too.
with noted as (
  insert into follow_minute as target (minute, tap_count, cycle_ms, lag_ms)
  values (
    date_trunc('minute', now()), $1::integer, string_to_array($2::text, ',')::integer[], string_to_array($3::text, ',')::integer[]
  )
  on conflict (minute) do update set
    tap_count = target.tap_count + excluded.tap_count,
    cycle_ms = target.cycle_ms || excluded.cycle_ms,
    lag_ms = target.lag_ms || excluded.lag_ms
  returning target.minute
)
delete from follow_minute
where follow_minute.minute < now() - interval '61 minutes'
