-- What the ledger says, at a glance. $1 zone.
select
  (now() at time zone $1::text)::date as today,
  latest.as_of_day,
  latest.first_day,
  latest.day_count,
  (latest.as_of_day - latest.first_day + 1 - latest.day_count)::integer as gap_count,
  ((now() at time zone $1::text)::date - 1 - latest.as_of_day)::integer as days_behind,
  latest.ignored_count,
  (select count(*) from stale_mark)::integer as mark_count,
  (select min(stale_mark.reason) from stale_mark) as mark_reason,
  (select count(*) from captured_day)::integer as captured_count
from (
  select
    max(processed_day.day) as as_of_day,
    min(processed_day.day) as first_day,
    count(*)::integer as day_count,
    coalesce(sum(
      processed_day.null_id_count + processed_day.self_tap_count + processed_day.unknown_user_count
    ), 0)::float8 as ignored_count
  from processed_day
) as latest
