-- The ledger: these days are in the figures now, with these taps.
--! reads: batch_tap, batch_day, processed_day
--! writes: processed_day
--! grain: day
--! params: steps_sha256, run_id
with fresh as (
  select
    batch_day.day,
    coalesce(sum(batch_tap.tap_count) filter (where batch_tap.ignored_because is null), 0)::integer as tap_count,
    coalesce(sum(batch_tap.tap_digest), 0) as tap_digest,
    coalesce(sum(batch_tap.tap_digest * batch_tap.unknown_sides), 0) as stranger_digest,
    coalesce(sum(batch_tap.tap_count) filter (where batch_tap.ignored_because = 'null id'), 0)::integer as null_id_count,
    coalesce(sum(batch_tap.tap_count) filter (where batch_tap.ignored_because = 'self tap'), 0)::integer as self_tap_count,
    coalesce(sum(batch_tap.tap_count) filter (where batch_tap.ignored_because = 'unknown user'), 0)::integer
      as unknown_user_count
  from batch_day
  left join batch_tap on batch_tap.day = batch_day.day
  group by batch_day.day
), written as (
  insert into processed_day as target (
    day, tap_count, tap_digest, stranger_digest, null_id_count, self_tap_count, unknown_user_count, steps_sha256, run_id
  )
  select
    fresh.day,
    fresh.tap_count,
    fresh.tap_digest,
    fresh.stranger_digest,
    fresh.null_id_count,
    fresh.self_tap_count,
    fresh.unknown_user_count,
    $1::text,
    $2::integer
  from fresh
  on conflict (day) do update set
    tap_count = excluded.tap_count,
    tap_digest = excluded.tap_digest,
    stranger_digest = excluded.stranger_digest,
    null_id_count = excluded.null_id_count,
    self_tap_count = excluded.self_tap_count,
    unknown_user_count = excluded.unknown_user_count,
    steps_sha256 = excluded.steps_sha256,
    run_id = excluded.run_id
  where (
      target.tap_count,
      target.tap_digest,
      target.stranger_digest,
      target.null_id_count,
      target.self_tap_count,
      target.unknown_user_count,
      target.steps_sha256
    ) is distinct from (
      excluded.tap_count,
      excluded.tap_digest,
      excluded.stranger_digest,
      excluded.null_id_count,
      excluded.self_tap_count,
      excluded.unknown_user_count,
      excluded.steps_sha256
    )
  returning xmax = 0 as is_new
)
select
  (count(*) filter (where is_new))::integer as inserted,
  (count(*) filter (where not is_new))::integer as updated,
  0 as deleted
from written
