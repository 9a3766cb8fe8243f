-- The times of the taps that pair_day does not have: those between the first and the last of a pair and day.
-- Those of a frozen day stay as they are stored, as far as the pair is still there.
--! reads: classified_tap, batch_range, batch_day, pair_day_tap_scope, pair_day_tap
--! writes: pair_day_tap
--! grain: u1_key, u2_key, day
--! values: tapped_at
--! order: day, u1_key, u2_key
--! params: zone
--! spread: by_user
with timed as (
  select
    pair_day_tap_scope.u1_key,
    pair_day_tap_scope.u2_key,
    pair_day_tap_scope.day,
    array_agg(classified_tap.tapped_at order by classified_tap.tapped_at) as tapped_at
  from classified_tap
  join batch_range
    on classified_tap.tap_time >= batch_range.starts_at
    and classified_tap.tap_time < batch_range.ends_at
  join pair_day_tap_scope
    on pair_day_tap_scope.u1 = classified_tap.u1
    and pair_day_tap_scope.u2 = classified_tap.u2
    and pair_day_tap_scope.day = (classified_tap.tapped_at at time zone $1::text)::date
  where classified_tap.ignored_because is null
    and exists (select 1 from pair_day_tap_scope)
    and exists (select 1 from batch_range)
  group by pair_day_tap_scope.u1_key, pair_day_tap_scope.u2_key, pair_day_tap_scope.day
)
select
  timed.u1_key,
  timed.u2_key,
  timed.day,
  timed.tapped_at[2:cardinality(timed.tapped_at) - 1] as tapped_at
from timed
join batch_day on batch_day.day = timed.day and not batch_day.is_frozen
union all
select pair_day_tap.u1_key, pair_day_tap.u2_key, pair_day_tap.day, pair_day_tap.tapped_at
from batch_day
join pair_day_tap on pair_day_tap.day = batch_day.day
join pair_day_tap_scope
  on pair_day_tap_scope.u1_key = pair_day_tap.u1_key
  and pair_day_tap_scope.u2_key = pair_day_tap.u2_key
  and pair_day_tap_scope.day = pair_day_tap.day
where batch_day.is_frozen
--: stored
from pair_day_tap as stored
join batch_day on batch_day.day = stored.day
--: noted changed_pair_tap
select stage.u1_key, stage.u2_key, stage.day from stage
