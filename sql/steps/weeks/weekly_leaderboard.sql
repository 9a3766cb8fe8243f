-- Three boards a week: the rows that changed. A week in which no figure changed is not read.
-- What it means: docs/semantics.md#leaderboard.
--! reads: board_change
--! writes: weekly_leaderboard
--! grain: user_id, year, iso_week
--! values: new_first_degree, delta_second_degree, streak_days, connectors_rank, builders_rank, streak_rank
--! order: year, iso_week, user_id
select
  board_change.user_id,
  board_change.year,
  board_change.iso_week,
  board_change.new_first_degree,
  board_change.delta_second_degree,
  board_change.streak_days,
  board_change.connectors_rank,
  board_change.builders_rank,
  board_change.streak_rank
from board_change
where board_change.streak_days is not null
--: stored
from board_change
join weekly_leaderboard as stored
  on stored.user_id = board_change.user_id
  and stored.year = board_change.year
  and stored.iso_week = board_change.iso_week
--: slice weekly_leaderboard
(weekly_leaderboard.user_id, weekly_leaderboard.year, weekly_leaderboard.iso_week) in (
    select board_change.user_id, board_change.year, board_change.iso_week from board_change
  )
