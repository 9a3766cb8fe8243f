-- The ledger: these days are in the figures now, with these taps. Of a frozen day it keeps what was read when there
-- were taps; those of people who were erased since are of unknown users now.
--! reads: batch_tap, batch_day, processed_day
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
where not batch_day.is_frozen
group by batch_day.day
union all
select
  processed_day.day,
  coalesce(kept.tap_count, 0),
  processed_day.tap_digest,
  processed_day.stranger_digest,
  processed_day.null_id_count,
  processed_day.self_tap_count,
  greatest(0, processed_day.unknown_user_count + processed_day.tap_count - coalesce(kept.tap_count, 0)),
  processed_day.steps_sha256,
  $2::integer
from batch_day
join processed_day on processed_day.day = batch_day.day
left join (
  select batch_tap.day, sum(batch_tap.tap_count)::integer as tap_count
  from batch_tap
  group by batch_tap.day
) as kept on kept.day = batch_day.day
where batch_day.is_frozen
--: stored
from processed_day as stored
join batch_day on batch_day.day = stored.day
