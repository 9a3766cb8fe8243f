-- The pairs and days with taps between the first and the last, whose times are to be read.
--! reads: batch_tap, user_key
--! writes: pair_day_tap_scope
--! grain: u1, u2, day
--! spread: by_user
select batch_tap.u1, batch_tap.u2, key1.user_key as u1_key, key2.user_key as u2_key, batch_tap.day
from batch_tap
join user_key as key1 on key1.user_id = batch_tap.u1
join user_key as key2 on key2.user_id = batch_tap.u2
where batch_tap.ignored_because is null and batch_tap.tap_count > 2
