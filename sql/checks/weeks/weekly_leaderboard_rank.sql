-- Ranks in whole weeks: 1 plus the number of users with a greater figure, null for a figure of 0. Recomputed figures
-- are used where there are any, so that one wrong figure does not make a finding of every rank in its week.
--! table: weekly_leaderboard
--! says: ranks of the verified weeks, by counting who is ahead
--! key: user_id, year, iso_week
--! compared: connectors_rank, builders_rank, streak_rank
--! day: stored.week_start
--! mark_user: user_id
--: expected
with own as (
  select
    board.user_id,
    board.year,
    board.iso_week,
    coalesce(expected_week.first_degree_new_count, board.new_first_degree) as new_first_degree,
    coalesce(expected_week.second_degree_new_count, board.delta_second_degree) as delta_second_degree,
    coalesce(expected_week.streak_days, board.streak_days) as streak_days
  from verify_week
  join weekly_leaderboard as board on board.year = verify_week.year and board.iso_week = verify_week.iso_week
  left join expected_week
    on expected_week.user_id = board.user_id
    and expected_week.year = board.year
    and expected_week.iso_week = board.iso_week
), figure as (
  select own.user_id, own.year, own.iso_week, each.board, each.figure
  from own
  cross join lateral (
    values ('connectors', own.new_first_degree), ('builders', own.delta_second_degree), ('streak', own.streak_days)
  ) as each (board, figure)
), held as (
  select figure.year, figure.iso_week, figure.board, figure.figure, count(*) as holder_count
  from figure
  where figure.figure > 0
  group by figure.year, figure.iso_week, figure.board, figure.figure
), place as (
  select
    held.year,
    held.iso_week,
    held.board,
    held.figure,
    sum(held.holder_count) over (partition by held.year, held.iso_week, held.board order by held.figure desc)
      - held.holder_count + 1 as rank
  from held
)
select
  figure.user_id,
  figure.year,
  figure.iso_week,
  -- There is one each. Joined board by board, the planner takes few of them for one and looks at all for each row.
  (array_agg(place.rank) filter (where figure.board = 'connectors'))[1] as connectors_rank,
  (array_agg(place.rank) filter (where figure.board = 'builders'))[1] as builders_rank,
  (array_agg(place.rank) filter (where figure.board = 'streak'))[1] as streak_rank
from figure
join place
  on place.year = figure.year
  and place.iso_week = figure.iso_week
  and place.board = figure.board
  and place.figure = figure.figure
group by figure.user_id, figure.year, figure.iso_week
--: stored
select
  board.user_id,
  board.year,
  board.iso_week,
  board.week_start,
  board.connectors_rank,
  board.builders_rank,
  board.streak_rank
from verify_week
join weekly_leaderboard as board on board.year = verify_week.year and board.iso_week = verify_week.iso_week
