-- In a repair: places on boards of somebody without a key.
--! reads: user_key
--! before: weekly_leaderboard
--! writes: weekly_leaderboard
--! grain: user_id, year, iso_week
--! runs: repair
--: stored
from weekly_leaderboard as stored
left join user_key on user_key.user_id = stored.user_id
where user_key.user_id is null
