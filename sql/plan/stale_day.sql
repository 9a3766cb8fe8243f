-- The days $2 .. $3 (null: from the first, to the last) in the source and in the ledger.
-- $1 zone. Taps are read from a day before to a day after: where a clock was set back over midnight, a local date is
-- not one stretch of time.
with source_day as (
  select
    (classified_tap.tapped_at at time zone $1::text)::date as day,
    (count(*) filter (where classified_tap.ignored_because is null))::integer as tap_count,
    sum(classified_tap.tap_hash) as tap_digest,
    sum(classified_tap.tap_hash::numeric * classified_tap.unknown_sides) as stranger_digest,
    (count(*) filter (where classified_tap.ignored_because = 'null id'))::integer as null_id_count,
    (count(*) filter (where classified_tap.ignored_because = 'self tap'))::integer as self_tap_count,
    (count(*) filter (where classified_tap.ignored_because = 'unknown user'))::integer as unknown_user_count
  from classified_tap
  where classified_tap.tap_time
      >= coalesce(($2::date - 1)::timestamp at time zone $1::text, timestamptz '-infinity')
    and classified_tap.tap_time
      < coalesce(($3::date + 2)::timestamp at time zone $1::text, timestamptz 'infinity')
    and isfinite(classified_tap.tapped_at)
  group by 1
)
select
  day,
  coalesce(source_day.tap_count, 0) as tap_count,
  processed_day.day is not null
    and (
      coalesce(source_day.tap_count, 0),
      coalesce(source_day.tap_digest, 0),
      coalesce(source_day.stranger_digest, 0),
      coalesce(source_day.null_id_count, 0),
      coalesce(source_day.self_tap_count, 0),
      coalesce(source_day.unknown_user_count, 0)
    ) is distinct from (
      processed_day.tap_count,
      processed_day.tap_digest,
      processed_day.stranger_digest,
      processed_day.null_id_count,
      processed_day.self_tap_count,
      processed_day.unknown_user_count
    ) as is_changed
from source_day
full join processed_day using (day)
where ($2::date is null or day >= $2::date)
  and ($3::date is null or day <= $3::date)
order by day
