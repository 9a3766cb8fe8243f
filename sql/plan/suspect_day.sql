-- Which of the days $2 .. $3 (null: from the first, to the last) may differ from the ledger: days that are not in it,
-- days whose taps changed, and days of somebody who became a user or stopped being one. Taps are not joined with users
-- here: the two look-ups for each tap would take most of the time. That the taps of a frozen day are gone is no
-- difference; that it has some is one, or that it had some when it was looked at last.
-- $1 zone. Taps are read from a day before to a day after: where a clock was set back over midnight, a local date is
-- not one stretch of time.
with source_day as (
  select
    (classified_tap.tapped_at at time zone $1::text)::date as day,
    sum(classified_tap.tap_hash) as tap_digest,
    count(*) as row_count
  from classified_tap
  where classified_tap.tap_time
      >= coalesce(($2::date - 1)::timestamp at time zone $1::text, timestamptz '-infinity')
    and classified_tap.tap_time
      < coalesce(($3::date + 2)::timestamp at time zone $1::text, timestamptz 'infinity')
    and isfinite(classified_tap.tapped_at)
  group by 1
), erased as (
  select user_key.user_key
  from user_key
  left join app_user on app_user.id = user_key.user_id
  where app_user.id is null
), erased_pair as materialized (
  -- A part of its own: nodes that have the two tables by other columns can't join them.
  select pair.u1_key, pair.u2_key
  from erased
  join pair on pair.u2_key = erased.user_key
), suspect as (
  select day
  from source_day
  full join processed_day using (day)
  left join frozen_day using (day)
  where frozen_day.late_tap_count > 0
    or (frozen_day.day is null or source_day.day is not null) and (
      processed_day.day is null
      or coalesce(source_day.tap_digest, 0) <> processed_day.tap_digest
      or coalesce(source_day.row_count, 0)
        <> processed_day.tap_count::bigint + processed_day.null_id_count + processed_day.self_tap_count
          + processed_day.unknown_user_count
    )
  union
  select pair_day.day
  from erased
  join pair_day on pair_day.u1_key = erased.user_key
  union
  select pair_day.day
  from erased_pair
  join pair_day on pair_day.u1_key = erased_pair.u1_key and pair_day.u2_key = erased_pair.u2_key
  union
  select unknown_user_day.day
  from unknown_user_day
  left join app_user on uuid_hash_extended(app_user.id, 0) = unknown_user_day.user_hash
  where (app_user.id is not null) <> unknown_user_day.is_known
)
select suspect.day
from suspect
where ($2::date is null or suspect.day >= $2::date)
  and ($3::date is null or suspect.day <= $3::date)
order by suspect.day
