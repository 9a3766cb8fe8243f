-- The facts of frozen days against the digests that were noted when they were frozen, people who were erased since
-- taken off; and that each processed day up to the last frozen one is frozen, and no other. There is nothing that a
-- repair could derive them from.
--! table: frozen_day
--! says: facts of the frozen days are as they were sealed
--! key: day
--! compared: pair_day, pair_day_tap, frozen_cell
--: expected
select
  verify_day.day,
  frozen_day.pair_day_digest as pair_day,
  frozen_day.pair_day_tap_digest as pair_day_tap,
  frozen_day.frozen_cell_digest as frozen_cell
from verify_day
left join frozen_day on frozen_day.day = verify_day.day
where verify_day.is_frozen
--: stored
select
  frozen_digest.day,
  frozen_digest.pair_day_digest as pair_day,
  frozen_digest.pair_day_tap_digest as pair_day_tap,
  frozen_digest.frozen_cell_digest as frozen_cell
from frozen_digest
left join processed_day on processed_day.day = frozen_digest.day
where processed_day.day is null
  or frozen_digest.day in (select verify_day.day from verify_day)
