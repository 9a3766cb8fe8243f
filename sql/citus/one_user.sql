-- Which rows of each distributed table an explanation of one user's figures may look at ($1 their id): conditions, as
-- after `--: slice` in a step's file. Of the boards those of the user's weeks, with everybody on them.

--: activity_run
activity_run.user_key in (select user_key.user_key from user_key where user_key.user_id = $1::uuid)

--: edge_strength
edge_strength.u1 = $1::uuid or edge_strength.u2 = $1::uuid

--: pair
pair.u1_key in (select user_key.user_key from user_key where user_key.user_id = $1::uuid)
  or pair.u2_key in (select user_key.user_key from user_key where user_key.user_id = $1::uuid)

--: pair_day
pair_day.u1_key in (select user_key.user_key from user_key where user_key.user_id = $1::uuid)
  or pair_day.u2_key in (select user_key.user_key from user_key where user_key.user_id = $1::uuid)

--: pair_day_tap
pair_day_tap.u1_key in (select user_key.user_key from user_key where user_key.user_id = $1::uuid)
  or pair_day_tap.u2_key in (select user_key.user_key from user_key where user_key.user_id = $1::uuid)

--: second_degree
second_degree.user_key in (select user_key.user_key from user_key where user_key.user_id = $1::uuid)

--: user_cell
user_cell.user_key in (select user_key.user_key from user_key where user_key.user_id = $1::uuid)

--: user_cell_day
user_cell_day.user_key in (select user_key.user_key from user_key where user_key.user_id = $1::uuid)

--: user_day_activity
user_day_activity.user_id = $1::uuid

--: user_quest_progress
user_quest_progress.user_id = $1::uuid

--: user_streaks
user_streaks.user_id = $1::uuid

--: user_week_activity
user_week_activity.user_id = $1::uuid

--: weekly_leaderboard
(weekly_leaderboard.year, weekly_leaderboard.iso_week) in (
    select own_week.year, own_week.iso_week from weekly_leaderboard as own_week where own_week.user_id = $1::uuid
  )
