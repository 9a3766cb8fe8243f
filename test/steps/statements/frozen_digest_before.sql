-- prepare
create temp table frozen_digest_before as
select
  frozen_digest.day,
  frozen_digest.pair_day_digest,
  frozen_digest.pair_day_tap_digest,
  frozen_digest.frozen_cell_digest
from batch_day
join frozen_digest on frozen_digest.day = batch_day.day
where batch_day.is_frozen;
