-- Where pairs tapped on the verified days that are frozen.
-- $1 whether everybody's, or those of the users only.
insert into source_cell (day, geohash5, starts_at, hour, u1, u2, tap_count, first_tap_at)
select
  frozen_cell.day,
  frozen_cell.geohash5,
  frozen_cell.starts_at,
  frozen_cell.slot % 24,
  user1.user_id,
  user2.user_id,
  frozen_cell.tap_count,
  frozen_cell.first_tap_at
from verify_day
join frozen_cell on frozen_cell.day = verify_day.day
join user_key as user1 on user1.user_key = frozen_cell.u1_key
join user_key as user2 on user2.user_key = frozen_cell.u2_key
where verify_day.is_frozen
  and (
    $1::boolean
    or user1.user_id in (select verify_user.user_id from verify_user)
    or user2.user_id in (select verify_user.user_id from verify_user)
  )
