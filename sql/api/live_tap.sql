-- Everybody's taps of the days of the last week that are not processed or that may have taps which no batch has seen,
-- those from $4 on, as far as they are at most $3: one row more says that there are more. $1 the stored zone, $2 now.
-- Taps are read from three hours before a day: where a clock is set back at midnight, the day begins twice.
with unread_day as (
  select
    window_day.day::date as day,
    window_day.day at time zone $1::text - interval '3 hours' as starts_at,
    least(
      $2::timestamptz + interval '1 microsecond',
      (window_day.day + interval '1 day') at time zone $1::text
    ) as ends_at
  from generate_series(
    -- An hour and more beyond the 168 hours of the longest window: zones begin theirs at different minutes.
    (($2::timestamptz - interval '169 hours') at time zone $1::text)::date::timestamp,
    ($2::timestamptz at time zone $1::text)::date::timestamp,
    interval '1 day'
  ) as window_day (day)
  left join processed_day on processed_day.day = window_day.day::date
  where processed_day.day is null
    or window_day.day::date >= $4::date
)
select
  tap.id1,
  tap.id2,
  to_char(tap.tapped_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as tapped_at,
  tap.latitude,
  tap.longitude
from unread_day
join tap on tap.tap_time >= unread_day.starts_at and tap.tap_time < unread_day.ends_at
where (tap.tapped_at at time zone $1::text)::date = unread_day.day
  and tap.id1 <> tap.id2
limit $3::integer + 1
