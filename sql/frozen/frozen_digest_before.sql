-- The digests of the batch's frozen days as they are found: what of them is erased is taken from the ones that are
-- kept, so that a row that somebody had touched before stays a finding.
--! reads: batch_day, frozen_digest
--! before: pair_day, pair_day_tap, frozen_cell, frozen_day
--! writes: frozen_digest_before
--! grain: day
--! runs: frozen
select
  frozen_digest.day,
  frozen_digest.pair_day_digest,
  frozen_digest.pair_day_tap_digest,
  frozen_digest.frozen_cell_digest
from batch_day
join frozen_digest on frozen_digest.day = batch_day.day
where batch_day.is_frozen
