-- In a repair: the cells of marked users, and those of marked days.
--! reads: batch_day, batch_user, user_key, user_cell_day
--! before: user_cell
--! writes: changed_user_cell_day
--! grain: user_key, geohash5
--! runs: repair
--! spread: by_user
select user_cell_day.user_key, user_cell_day.geohash5
from batch_day
join user_cell_day on user_cell_day.day = batch_day.day
where batch_day.forced
union
select user_cell_day.user_key, user_cell_day.geohash5
from batch_user
join user_key on user_key.user_id = batch_user.user_id
join user_cell_day on user_cell_day.user_key = user_key.user_key
union
select user_cell.user_key, user_cell.geohash5
from batch_user
join user_key on user_key.user_id = batch_user.user_id
join user_cell on user_cell.user_key = user_key.user_key
