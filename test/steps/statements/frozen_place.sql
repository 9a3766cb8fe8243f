-- prepare
insert into batch_cell (day, geohash5, starts_at, slot, u1, u2, tap_count, first_tap_at)
select
  frozen_cell.day,
  frozen_cell.geohash5,
  frozen_cell.starts_at,
  frozen_cell.slot,
  known1.id as u1,
  known2.id as u2,
  frozen_cell.tap_count,
  frozen_cell.first_tap_at
from batch_day
join frozen_cell on frozen_cell.day = batch_day.day
join user_key as key1 on key1.user_key = frozen_cell.u1_key
join user_key as key2 on key2.user_key = frozen_cell.u2_key
join app_user as known1 on known1.id = key1.user_id
join app_user as known2 on known2.id = key2.user_id
where batch_day.is_frozen;
