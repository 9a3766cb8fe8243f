-- The batch's days: $1 the days, $2 whether each is derived in any case, $3 whether it is frozen, separated by commas.
insert into batch_day (day, forced, is_frozen)
select planned.day, planned.forced, planned.is_frozen
from unnest(
  string_to_array($1::text, ',')::date[],
  string_to_array($2::text, ',')::boolean[],
  string_to_array($3::text, ',')::boolean[]
) as planned (day, forced, is_frozen)
