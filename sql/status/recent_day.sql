-- Which of the days $2 .. $3 have another number of valid or ignored taps in the source than in the ledger, or have
-- taps but are not in the ledger. Only counts are compared: edited taps are found by etl and verify, by digests. $1
-- zone.
with source_day as (
  select
    (classified_tap.tapped_at at time zone $1::text)::date as day,
    (count(*) filter (where classified_tap.ignored_because is null))::integer as tap_count
  from classified_tap
  where classified_tap.tap_time >= ($2::date - 1)::timestamp at time zone $1::text
    and classified_tap.tap_time < ($3::date + 2)::timestamp at time zone $1::text
  group by 1
)
select
  day,
  case
    when processed_day.day is null then format('taps: %s, not processed', source_day.tap_count)
    else format('taps: %s when it was processed, %s now', processed_day.tap_count, coalesce(source_day.tap_count, 0))
  end as why
from source_day
full join processed_day using (day)
left join frozen_day using (day)
where day between $2::date and $3::date
  and frozen_day.day is null
  and coalesce(source_day.tap_count, 0) <> coalesce(processed_day.tap_count, 0)
order by day
