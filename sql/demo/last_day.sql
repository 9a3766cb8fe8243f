-- The day of the last tap in the zone $1, at most today.
select (least(max(time), now()) at time zone $1::text)::date::text as day
from public.taps
where isfinite(time)
