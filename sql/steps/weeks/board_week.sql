-- The weeks that are ranked again, because a figure of somebody's is another than on the stored board.
--! reads: board_figure
--! before: weekly_leaderboard
--! writes: board_week
--! grain: week
select distinct board_figure.week
from board_figure
left join weekly_leaderboard
  on weekly_leaderboard.user_id = board_figure.user_id
  and weekly_leaderboard.year = iso_year(board_figure.week)
  and weekly_leaderboard.iso_week = iso_week(board_figure.week)
where (board_figure.new_first_degree, board_figure.delta_second_degree, board_figure.streak_days)
  is distinct from (
    weekly_leaderboard.new_first_degree, weekly_leaderboard.delta_second_degree, weekly_leaderboard.streak_days
  )
--: slice weekly_leaderboard
weekly_leaderboard.user_id in (select board_figure.user_id from board_figure)
  and (weekly_leaderboard.year, weekly_leaderboard.iso_week) in (
    select
      iso_year(board_figure.week),
      iso_week(board_figure.week)
    from board_figure
  )
