-- Every day that is in P or has a tap, and whether its row of the ledger still says what the source says.
-- $1 zone, $2 digest of the steps, $3 first day to look at or null for all of history, $4 last day to look at.
-- A day is looked at from a day before to a day after: in some zones a local date has been cut in two by a clock change.
with source_day as (
  select
    (classified_tap.tapped_at at time zone $1::text)::date as day,
    (count(*) filter (where classified_tap.ignored_because is null))::integer as tap_count,
    coalesce(sum(classified_tap.tap_hash) filter (where classified_tap.ignored_because is null), 0) as tap_digest,
    (count(*) filter (where classified_tap.ignored_because = 'null id'))::integer as null_id_count,
    (count(*) filter (where classified_tap.ignored_because = 'self tap'))::integer as self_tap_count,
    (count(*) filter (where classified_tap.ignored_because = 'unknown user'))::integer as unknown_user_count
  from classified_tap
  where classified_tap.tap_time >= coalesce(
      (($3::date - 1)::timestamp at time zone $1::text), timestamptz '-infinity'
    )
    and classified_tap.tap_time < (($4::date + 2)::timestamp at time zone $1::text)
    and isfinite(classified_tap.tapped_at)
  group by 1
)
select
  day,
  coalesce(source_day.tap_count, 0) as tap_count,
  processed_day.day is not null as is_processed,
  processed_day.day is not null
    and (
      coalesce(source_day.tap_count, 0),
      coalesce(source_day.tap_digest, 0),
      coalesce(source_day.null_id_count, 0),
      coalesce(source_day.self_tap_count, 0),
      coalesce(source_day.unknown_user_count, 0)
    ) is distinct from (
      processed_day.tap_count,
      processed_day.tap_digest,
      processed_day.null_id_count,
      processed_day.self_tap_count,
      processed_day.unknown_user_count
    ) as is_changed,
  coalesce(processed_day.steps_sha256 <> $2::text, false) as is_outdated,
  exists (select from stale_mark where stale_mark.day = processed_day.day) as is_marked
from source_day
full join (
  select
    processed_day.day,
    processed_day.tap_count,
    processed_day.tap_digest,
    processed_day.null_id_count,
    processed_day.self_tap_count,
    processed_day.unknown_user_count,
    processed_day.steps_sha256
  from processed_day
  where processed_day.day >= coalesce($3::date, date '-infinity')
) as processed_day using (day)
where day between coalesce($3::date, date '-infinity') and $4::date
order by day
