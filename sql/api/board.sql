-- The three boards of a week: the first five of each who have not opted out, ties in the order of their ids.
-- $1 ISO year, $2 ISO week.
with figure as (
  select
    weekly_leaderboard.user_id,
    board.name as board,
    board.figure,
    board.rank
  from weekly_leaderboard
  cross join lateral (
    values
      ('new_connections', weekly_leaderboard.new_first_degree, weekly_leaderboard.connectors_rank),
      ('community_builders', weekly_leaderboard.delta_second_degree, weekly_leaderboard.builders_rank),
      ('streak_masters', weekly_leaderboard.streak_days, weekly_leaderboard.streak_rank)
  ) as board (name, figure, rank)
  where weekly_leaderboard.year = $1::smallint
    and weekly_leaderboard.iso_week = $2::smallint
    and board.rank is not null
), placed as (
  select
    figure.board,
    figure.user_id,
    figure.figure,
    figure.rank,
    app_user.name,
    row_number() over (partition by figure.board order by figure.rank, figure.user_id) as place
  from figure
  join app_user on app_user.id = figure.user_id
  where not app_user.opted_out
)
select
  placed.board,
  placed.user_id,
  coalesce(placed.name, '') as name,
  placed.figure,
  placed.rank,
  user_streaks.last_tap_at
from placed
left join user_streaks on user_streaks.user_id = placed.user_id
where placed.place <= 5
order by placed.board, placed.place
