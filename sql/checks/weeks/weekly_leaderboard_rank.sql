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
), held as (
  select own.year, own.iso_week, each.name, each.figure, count(*) as holder_count
  from own
  cross join lateral (
    values ('connectors', own.new_first_degree), ('builders', own.delta_second_degree), ('streak', own.streak_days)
  ) as each (name, figure)
  where each.figure > 0
  group by own.year, own.iso_week, each.name, each.figure
), place as (
  select
    held.year,
    held.iso_week,
    held.name,
    held.figure,
    sum(held.holder_count) over (partition by held.year, held.iso_week, held.name order by held.figure desc)
      - held.holder_count + 1 as rank
  from held
)
select
  own.user_id,
  own.year,
  own.iso_week,
  connectors.rank as connectors_rank,
  builders.rank as builders_rank,
  streak.rank as streak_rank
from own
left join place as connectors
  on (connectors.name, connectors.year, connectors.iso_week) = ('connectors', own.year, own.iso_week)
  and connectors.figure = own.new_first_degree
left join place as builders
  on (builders.name, builders.year, builders.iso_week) = ('builders', own.year, own.iso_week)
  and builders.figure = own.delta_second_degree
join place as streak
  on (streak.name, streak.year, streak.iso_week) = ('streak', own.year, own.iso_week)
  and streak.figure = own.streak_days
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
