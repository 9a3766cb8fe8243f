-- The processed days $1 .. $2 are frozen; their digests follow when all of their facts are kept.
insert into frozen_day (day, pair_day_digest, pair_day_tap_digest, frozen_cell_digest)
select processed_day.day, 0, 0, 0
from processed_day
where processed_day.day between $1::date and $2::date
