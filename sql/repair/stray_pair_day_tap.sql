-- In a repair: times of taps between the first and the last of a pair and day that is not there.
--! reads: batch_day, pair_day
--! before: pair_day_tap
--! writes: pair_day_tap
--! grain: u1_key, u2_key, day
--! runs: repair
--! spread: by_user
--: stored
from pair_day_tap as stored
left join batch_day on batch_day.day = stored.day
left join pair_day
  on pair_day.u1_key = stored.u1_key
  and pair_day.u2_key = stored.u2_key
  and pair_day.day = stored.day
where batch_day.day is null
  and pair_day.day is null
--: noted changed_pair_tap
select stage.u1_key, stage.u2_key, stage.day from stage
