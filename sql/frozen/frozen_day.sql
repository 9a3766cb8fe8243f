-- The digests that are kept of the batch's frozen days, less what was erased from them.
--! reads: frozen_digest_before, frozen_digest, pair_day, pair_day_tap, frozen_cell, frozen_day
--! writes: frozen_day
--! grain: day
--! values: pair_day_digest, pair_day_tap_digest, frozen_cell_digest
--! runs: frozen
select
  frozen_day.day,
  frozen_day.pair_day_digest + frozen_digest.pair_day_digest - found.pair_day_digest as pair_day_digest,
  frozen_day.pair_day_tap_digest + frozen_digest.pair_day_tap_digest - found.pair_day_tap_digest as pair_day_tap_digest,
  frozen_day.frozen_cell_digest + frozen_digest.frozen_cell_digest - found.frozen_cell_digest as frozen_cell_digest
from frozen_digest_before as found
join frozen_day on frozen_day.day = found.day
join frozen_digest on frozen_digest.day = found.day
--: stored
from frozen_digest_before as found
join frozen_day as stored on stored.day = found.day
