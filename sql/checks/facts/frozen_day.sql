-- The facts of frozen days against the digests that were noted when they were frozen, people who were erased since
-- taken off. There is nothing that a repair could derive them from.
--! table: frozen_day
--! says: facts of the frozen days are as they were sealed
--! key: day
--! compared: pair_day, pair_day_tap, frozen_cell
--: expected
select
  frozen_day.day,
  frozen_day.pair_day_digest as pair_day,
  frozen_day.pair_day_tap_digest as pair_day_tap,
  frozen_day.frozen_cell_digest as frozen_cell
from verify_day
join frozen_day on frozen_day.day = verify_day.day
--: stored
select
  frozen_digest.day,
  frozen_digest.pair_day_digest as pair_day,
  frozen_digest.pair_day_tap_digest as pair_day_tap,
  frozen_digest.frozen_cell_digest as frozen_cell
from verify_day
join frozen_digest on frozen_digest.day = verify_day.day
