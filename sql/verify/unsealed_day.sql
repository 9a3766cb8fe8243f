-- How many frozen days are not as they were sealed: their facts, their row, or that they are processed at all.
select count(*)::integer as count
from (
  select processed_day.day
  from processed_day
  where processed_day.day <= (select max(last_frozen.day) from frozen_day as last_frozen)
) as due
full join frozen_day on frozen_day.day = due.day
left join frozen_digest as found on found.day = frozen_day.day
where due.day is null
  or frozen_day.day is null
  or (frozen_day.pair_day_digest, frozen_day.pair_day_tap_digest, frozen_day.frozen_cell_digest)
    is distinct from (found.pair_day_digest, found.pair_day_tap_digest, found.frozen_cell_digest)
