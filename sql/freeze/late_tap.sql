-- How many taps of the frozen days $1 came late: $2, each separated by commas.
update frozen_day
set late_tap_count = late.count
from unnest(string_to_array($1::text, ',')::date[], string_to_array($2::text, ',')::integer[]) as late (day, count)
where frozen_day.day = late.day
