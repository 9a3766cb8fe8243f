-- In a repair: the boards of marked days, and those with a marked user.
--! reads: batch_day, batch_user, board_week
--! before: weekly_leaderboard
--! writes: board_week
--! grain: week
--! runs: repair
select week_number(batch_day.day) from batch_day where batch_day.forced
union
select week_number(weekly_leaderboard.week_start)
from batch_user
join weekly_leaderboard on weekly_leaderboard.user_id = batch_user.user_id
except
select board_week.week from board_week
