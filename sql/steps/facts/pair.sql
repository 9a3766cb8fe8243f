-- First and latest tap of the pairs whose days changed, from all their days; or, where the batch's taps all come after
-- those that were known before ($1), from what is known and the new ones. Their dates are those of the taps and not the
-- least and greatest day: where a clock was set back over midnight, the earlier tap may be of the later date. $2 zone.
-- Read it as connection.
--! reads: changed_pair_day, pair_day
--! writes: pair
--! grain: u1_key, u2_key
--! values: first_tap_at, first_day, last_tap_at, last_day, tap_count
--! params: is_later, zone
--! spread: by_user
select
  known.u1_key,
  known.u2_key,
  min(known.first_tap_at) as first_tap_at,
  (min(known.first_tap_at) at time zone $2::text)::date as first_day,
  max(known.last_tap_at) as last_tap_at,
  (max(known.last_tap_at) at time zone $2::text)::date as last_day,
  sum(known.tap_count)::integer as tap_count
from (
  select pair_day.u1_key, pair_day.u2_key, pair_day.first_tap_at, pair_day.last_tap_at, pair_day.tap_count
  from (select distinct u1_key, u2_key from changed_pair_day) as changed
  join pair_day on pair_day.u1_key = changed.u1_key and pair_day.u2_key = changed.u2_key
  where not $1::boolean
  union all
  select u1_key, u2_key, first_tap_at, last_tap_at, tap_count
  from changed_pair_day
  where $1::boolean
  union all
  select pair.u1_key, pair.u2_key, pair.first_tap_at, pair.last_tap_at, pair.tap_count
  from (select distinct u1_key, u2_key from changed_pair_day) as changed
  join pair on pair.u1_key = changed.u1_key and pair.u2_key = changed.u2_key
  where $1::boolean
) as known
group by known.u1_key, known.u2_key
--: stored
from (select distinct u1_key, u2_key from changed_pair_day) as changed
join pair as stored on stored.u1_key = changed.u1_key and stored.u2_key = changed.u2_key
--: noted changed_pair
select stage.u1_key, stage.u2_key, stage.old_first_day, stage.first_day
from stage
where (stage.old_first_day, stage.old_first_tap_at) is distinct from (stage.first_day, stage.first_tap_at)
