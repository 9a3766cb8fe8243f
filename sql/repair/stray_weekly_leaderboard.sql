-- In a repair: places on boards of somebody without a key, or who is not of the shard.
--! reads: user_key
--! before: weekly_leaderboard
--! writes: weekly_leaderboard
--! grain: user_id, year, iso_week
--! runs: repair
--! spread: by_user
--: stored
from weekly_leaderboard as stored
left join own_user on own_user.user_id = stored.user_id
where own_user.user_id is null
