-- Notes the digests of the frozen days from $1 on as their rows are now.
update frozen_day
set
  pair_day_digest = found.pair_day_digest,
  pair_day_tap_digest = found.pair_day_tap_digest,
  frozen_cell_digest = found.frozen_cell_digest
from frozen_digest as found
where found.day = frozen_day.day
  and frozen_day.day >= $1::date
