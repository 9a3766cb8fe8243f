-- Whose place on the boards of the weeks that are ranked again is, or may be, another than the stored one: the figures
-- and ranks of the row as it will be. Without a streak: the row goes.
-- What it means: docs/semantics.md#leaderboard.
--! reads: board_week, board_figure
--! before: weekly_leaderboard
--! writes: board_change
--! grain: user_id, year, iso_week
with ranked_week as (
  select
    board_week.week,
    extract(isoyear from week_start(board_week.week))::smallint as year,
    extract(week from week_start(board_week.week))::smallint as iso_week
  from board_week
), figure as (
  select
    board_figure.user_id,
    ranked_week.year,
    ranked_week.iso_week,
    board_figure.new_first_degree,
    board_figure.delta_second_degree,
    board_figure.streak_days,
    true as is_given,
    null::integer as connectors_rank,
    null::integer as builders_rank,
    null::integer as streak_rank
  from ranked_week
  join board_figure on board_figure.week = ranked_week.week
  union all
  select
    known.user_id,
    known.year,
    known.iso_week,
    known.new_first_degree,
    known.delta_second_degree,
    known.streak_days,
    false,
    known.connectors_rank,
    known.builders_rank,
    known.streak_rank
  from ranked_week
  join weekly_leaderboard as known on known.year = ranked_week.year and known.iso_week = ranked_week.iso_week
  left join board_figure on board_figure.user_id = known.user_id and board_figure.week = ranked_week.week
  where board_figure.user_id is null
), ranked as (
  -- A 0 sorts last, and so does who has no row any more: neither shifts the rank of a figure above it.
  select
    figure.user_id,
    figure.year,
    figure.iso_week,
    figure.new_first_degree,
    figure.delta_second_degree,
    figure.streak_days,
    case when figure.new_first_degree > 0 then rank() over connectors end::integer as connectors_rank,
    case when figure.delta_second_degree > 0 then rank() over builders end::integer as builders_rank,
    case when figure.streak_days > 0 then rank() over streaks end::integer as streak_rank,
    figure.is_given,
    figure.connectors_rank as old_connectors_rank,
    figure.builders_rank as old_builders_rank,
    figure.streak_rank as old_streak_rank
  from figure
  window
    connectors as (partition by figure.year, figure.iso_week order by figure.new_first_degree desc nulls last),
    builders as (partition by figure.year, figure.iso_week order by figure.delta_second_degree desc nulls last),
    streaks as (partition by figure.year, figure.iso_week order by figure.streak_days desc nulls last)
)
select
  ranked.user_id,
  ranked.year,
  ranked.iso_week,
  ranked.new_first_degree,
  ranked.delta_second_degree,
  ranked.streak_days,
  ranked.connectors_rank,
  ranked.builders_rank,
  ranked.streak_rank
from ranked
where ranked.is_given
  or (ranked.connectors_rank, ranked.builders_rank, ranked.streak_rank)
    is distinct from (ranked.old_connectors_rank, ranked.old_builders_rank, ranked.old_streak_rank)
--: slice weekly_leaderboard
(weekly_leaderboard.year, weekly_leaderboard.iso_week) in (
    select
      extract(isoyear from week_start(board_week.week))::smallint,
      extract(week from week_start(board_week.week))::smallint
    from board_week
  )
