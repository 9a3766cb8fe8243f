-- Valid taps of everybody on each day of the window, oldest first, zeros included. $1 first day, $2 last day.
-- Days are those of the stored zone; a day that is not processed yet has 0.
select window_day.day::date as day, coalesce(processed_day.tap_count, 0) as taps
from generate_series($1::date::timestamp, $2::date::timestamp, interval '1 day') as window_day (day)
left join processed_day on processed_day.day = window_day.day::date
order by window_day.day
