-- Three boards a week. A week is ranked again as a whole when a figure of it changed, otherwise it is not read.
-- What it means: docs/semantics.md#leaderboard.
--! reads: board_week, board_figure, weekly_leaderboard
--! writes: weekly_leaderboard
--! grain: user_id, year, iso_week
--! values: new_first_degree, delta_second_degree, streak_days, connectors_rank, builders_rank, streak_rank
--! assigns: iso_week
--! order: year, iso_week, user_id
with ranked_week as (
  select
    board_week.week,
    iso_year(board_week.week) as year,
    iso_week(board_week.week) as iso_week
  from board_week
), figure as (
  select
    board_figure.user_id,
    ranked_week.year,
    ranked_week.iso_week,
    board_figure.new_first_degree,
    board_figure.delta_second_degree,
    board_figure.streak_days
  from ranked_week
  join board_figure on board_figure.week = ranked_week.week
  where board_figure.streak_days is not null
  union all
  select
    known.user_id,
    known.year,
    known.iso_week,
    known.new_first_degree,
    known.delta_second_degree,
    known.streak_days
  from ranked_week
  join weekly_leaderboard as known on known.year = ranked_week.year and known.iso_week = ranked_week.iso_week
  left join board_figure on board_figure.user_id = known.user_id and board_figure.week = ranked_week.week
  where board_figure.user_id is null
)
-- A 0 sorts last, so it never shifts the rank of a figure above it.
select
  figure.user_id,
  figure.year,
  figure.iso_week,
  figure.new_first_degree,
  figure.delta_second_degree,
  figure.streak_days,
  case when figure.new_first_degree > 0 then rank() over connectors end::integer as connectors_rank,
  case when figure.delta_second_degree > 0 then rank() over builders end::integer as builders_rank,
  case when figure.streak_days > 0 then rank() over streaks end::integer as streak_rank
from figure
window
  connectors as (partition by figure.year, figure.iso_week order by figure.new_first_degree desc),
  builders as (partition by figure.year, figure.iso_week order by figure.delta_second_degree desc),
  streaks as (partition by figure.year, figure.iso_week order by figure.streak_days desc)
--: stored
from (
  select
    iso_year(week) as year,
    iso_week(week) as iso_week
  from board_week
) as ranked_week
join weekly_leaderboard as stored on stored.year = ranked_week.year and stored.iso_week = ranked_week.iso_week
--: slice weekly_leaderboard
(weekly_leaderboard.year, weekly_leaderboard.iso_week) in (
    select
      iso_year(board_week.week),
      iso_week(board_week.week)
    from board_week
  )
