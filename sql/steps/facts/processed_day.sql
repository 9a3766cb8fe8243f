-- The ledger: these days are in the figures now, with these taps.
--! reads: batch_tap, batch_day
--! writes: processed_day
--! grain: day
--! values: tap_count, tap_digest, stranger_digest, null_id_count, self_tap_count, unknown_user_count, steps_sha256
--! carries: run_id
--! params: steps_sha256, run_id
select
  batch_day.day,
  coalesce(sum(batch_tap.tap_count) filter (where batch_tap.ignored_because is null), 0)::integer as tap_count,
  coalesce(sum(batch_tap.tap_digest), 0) as tap_digest,
  coalesce(sum(batch_tap.tap_digest * batch_tap.unknown_sides), 0) as stranger_digest,
  coalesce(sum(batch_tap.tap_count) filter (where batch_tap.ignored_because = 'null id'), 0)::integer as null_id_count,
  coalesce(sum(batch_tap.tap_count) filter (where batch_tap.ignored_because = 'self tap'), 0)::integer as self_tap_count,
  coalesce(sum(batch_tap.tap_count) filter (where batch_tap.ignored_because = 'unknown user'), 0)::integer
    as unknown_user_count,
  $1::text as steps_sha256,
  $2::integer as run_id
from batch_day
left join batch_tap on batch_tap.day = batch_day.day
group by batch_day.day
--: stored
from processed_day as stored
join batch_day on batch_day.day = stored.day
