-- The stretches of time in which the taps of the verified days are. 27 hours on either side: where a clock was set back
-- over midnight, or by a whole date, a local date is not one stretch. Where two overlap they are one: a tap is read
-- once.
insert into verify_stretch (zone, starts_at, ends_at)
select together.zone, lower(stretch.moments), upper(stretch.moments)
from (
  select
    verify_clock.zone,
    range_agg(
      tstzrange(
        verify_day.day::timestamp at time zone verify_clock.zone - interval '27 hours',
        (verify_day.day + 1)::timestamp at time zone verify_clock.zone + interval '27 hours'
      )
    ) as moments
  from verify_day
  cross join verify_clock
  where not verify_day.is_frozen
  group by verify_clock.zone
) as together
cross join lateral unnest(together.moments) as stretch (moments)
