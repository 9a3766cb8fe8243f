-- The spans of time that contain the taps of the batch's days, with three hours more on either side: where a clock was
-- set back over midnight, a local date is not one span. Where a whole date came twice (Juneau 1867, Kwajalein 1969) it
-- is a day more, because Postgres takes only one of its midnights. Spans that overlap are one, or a tap would be read
-- twice: so do those of the dates around one that never came (Apia 2011).
-- $1 first days and $2 days after the last ones, separated by commas, $3 zone.
insert into batch_range (starts_at, ends_at)
select lower(span.moments), upper(span.moments)
from (
  select
    range_agg(
      tstzrange(
        midnight.first
          - case
            when ((midnight.first - interval '24 hours') at time zone $3::text)::date >= planned.first_day
              then interval '27 hours'
            else interval '3 hours'
          end,
        midnight.next
          + case
            when ((midnight.next + interval '23 hours') at time zone $3::text)::date < planned.next_day
              then interval '27 hours'
            else interval '3 hours'
          end
      )
    ) as moments
  from unnest(string_to_array($1::text, ',')::date[], string_to_array($2::text, ',')::date[])
    as planned (first_day, next_day)
  cross join lateral (
    select
      planned.first_day::timestamp at time zone $3::text as first,
      planned.next_day::timestamp at time zone $3::text as next
  ) as midnight
) as together
cross join lateral unnest(together.moments) as span (moments)
