-- Ranks of whole weeks: one more than the users with a greater figure, null for a figure of 0. Figures that were
-- recomputed count, so that one wrong figure does not accuse the ranks of a whole week.
--! table: weekly_leaderboard
--! says: ranks of the verified weeks, by counting who is ahead
with figure as (
  select
    weekly_leaderboard.user_id,
    weekly_leaderboard.year,
    weekly_leaderboard.iso_week,
    verify_week.week_start,
    board.board,
    board.figure,
    board.rank
  from verify_week
  join weekly_leaderboard
    on weekly_leaderboard.year = verify_week.year
    and weekly_leaderboard.iso_week = verify_week.iso_week
  left join expected_week
    on expected_week.user_id = weekly_leaderboard.user_id
    and expected_week.year = weekly_leaderboard.year
    and expected_week.iso_week = weekly_leaderboard.iso_week
  cross join lateral (
    values
      (
        'connectors_rank',
        coalesce(expected_week.first_degree_new_count, weekly_leaderboard.new_first_degree),
        weekly_leaderboard.connectors_rank
      ),
      (
        'builders_rank',
        coalesce(expected_week.second_degree_new_count, weekly_leaderboard.delta_second_degree),
        weekly_leaderboard.builders_rank
      ),
      (
        'streak_rank',
        coalesce(expected_week.streak_days, weekly_leaderboard.streak_days),
        weekly_leaderboard.streak_rank
      )
  ) as board (board, figure, rank)
), held as (
  select figure.week_start, figure.board, figure.figure, count(*) as holder_count
  from figure
  where figure.figure > 0
  group by figure.week_start, figure.board, figure.figure
), ahead as (
  select
    held.week_start,
    held.board,
    held.figure,
    coalesce(
      sum(held.holder_count) over (
        partition by held.week_start, held.board
        order by held.figure desc
        rows between unbounded preceding and 1 preceding
      ),
      0
    ) + 1 as rank
  from held
)
select
  format('user_id %s, year %s, iso_week %s', figure.user_id, figure.year, figure.iso_week) as key,
  figure.user_id,
  null::uuid as other_id,
  figure.week_start as day,
  figure.board as column_name,
  figure.rank::text as stored,
  ahead.rank::text as expected,
  null::date as mark_day,
  figure.user_id as mark_user
from figure
left join ahead
  on ahead.week_start = figure.week_start
  and ahead.board = figure.board
  and ahead.figure = figure.figure
where figure.rank is distinct from ahead.rank
