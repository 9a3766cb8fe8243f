-- The taps of the batch's days, by pair and day: the one read of the application's taps that the facts need, and the
-- digest of exactly what was read.
-- What it means: docs/semantics.md#source.
--! reads: classified_tap, batch_range, batch_day
--! writes: batch_tap
--! grain: day, ignored_because, u1, u2
--! params: zone
--! spread: by_user
with dated as (
  select
    (classified_tap.tapped_at at time zone $1::text)::date as day,
    classified_tap.ignored_because,
    -- Of an ignored row only strangers are told apart: see unknown_user_day.
    case when coalesce(classified_tap.ignored_because, 'unknown user') = 'unknown user' then classified_tap.u1 end as u1,
    case when coalesce(classified_tap.ignored_because, 'unknown user') = 'unknown user' then classified_tap.u2 end as u2,
    classified_tap.unknown_sides,
    classified_tap.tapped_at,
    classified_tap.tap_hash
  from classified_tap
  join batch_range
    on classified_tap.tap_time >= batch_range.starts_at
    and classified_tap.tap_time < batch_range.ends_at
)
select
  dated.day,
  dated.ignored_because,
  dated.u1,
  dated.u2,
  dated.unknown_sides,
  count(*)::integer as tap_count,
  min(dated.tapped_at) as first_tap_at,
  max(dated.tapped_at) as last_tap_at,
  sum(dated.tap_hash) as tap_digest
from dated
join batch_day on batch_day.day = dated.day and not batch_day.is_frozen
group by dated.day, dated.ignored_because, dated.u1, dated.u2, dated.unknown_sides
