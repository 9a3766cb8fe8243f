-- Which pairs tapped in which cell and hour: kept of the days that are being frozen, while their taps are there, and of
-- those that are frozen less the people who left users.
--! reads: batch_cell, batch_day, user_key
--! before: frozen_day
--! writes: frozen_cell
--! grain: day, geohash5, starts_at, slot, u1_key, u2_key
--! values: tap_count, first_tap_at
--! runs: frozen
select
  batch_cell.day,
  batch_cell.geohash5,
  batch_cell.starts_at,
  batch_cell.slot,
  key1.user_key as u1_key,
  key2.user_key as u2_key,
  batch_cell.tap_count,
  batch_cell.first_tap_at
from batch_cell
join frozen_day on frozen_day.day = batch_cell.day
join user_key as key1 on key1.user_id = batch_cell.u1
join user_key as key2 on key2.user_id = batch_cell.u2
--: stored
from batch_day
join frozen_cell as stored on stored.day = batch_day.day
