-- How many users of the week that begins on $1 have a greater figure than $2, $3 and $4 on each board, as stored, user $5
-- left out.
select
  (count(*) filter (where weekly_leaderboard.new_first_degree > $2::integer))::integer as connectors,
  (count(*) filter (where weekly_leaderboard.delta_second_degree > $3::integer))::integer as builders,
  (count(*) filter (where weekly_leaderboard.streak_days > $4::integer))::integer as streak,
  (count(*) + 1)::integer as users
from weekly_leaderboard
where weekly_leaderboard.week_start = $1::date
  and weekly_leaderboard.user_id <> $5::uuid
