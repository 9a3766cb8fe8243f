-- Adds what a follow did in a minute ($1) to what is known of it, and forgets what is older than an hour.
with noted as (
  insert into follow_minute as target (minute, tap_count, cycle_ms, lag_ms)
  values (
    $1::timestamptz, $2::integer, string_to_array($3::text, ',')::integer[], string_to_array($4::text, ',')::integer[]
  )
  on conflict (minute) do update set
    tap_count = target.tap_count + excluded.tap_count,
    cycle_ms = target.cycle_ms || excluded.cycle_ms,
    lag_ms = target.lag_ms || excluded.lag_ms
  returning target.minute
)
delete from follow_minute
where follow_minute.minute < $1::timestamptz - interval '1 hour'
