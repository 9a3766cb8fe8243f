-- Which of the verified days that are frozen have facts of somebody who is no user any more: until the next run they
-- are stale.
update verify_day
set is_stale = true
from source_pair_day
left join app_user as user1 on user1.id = source_pair_day.u1
left join app_user as user2 on user2.id = source_pair_day.u2
where source_pair_day.day = verify_day.day
  and verify_day.is_frozen
  and (user1.id is null or user2.id is null)
