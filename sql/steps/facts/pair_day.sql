-- What each pair did on each day of the batch: the fact that everything else follows from.
--! reads: batch_tap, batch_day, user_key
--! writes: pair_day
--! grain: u1_key, u2_key, day
--! values: tap_count, first_tap_at, last_tap_at
--! order: day, u1_key, u2_key
--! spread: by_user
select
  key1.user_key as u1_key,
  key2.user_key as u2_key,
  batch_tap.day,
  batch_tap.tap_count,
  batch_tap.first_tap_at,
  batch_tap.last_tap_at
from batch_tap
join user_key as key1 on key1.user_id = batch_tap.u1
join user_key as key2 on key2.user_id = batch_tap.u2
where batch_tap.ignored_because is null
--: stored
from pair_day as stored
join batch_day on batch_day.day = stored.day
--: noted changed_pair_day
select stage.u1_key, stage.u2_key, stage.day, stage.tap_count, stage.first_tap_at, stage.last_tap_at from stage
