-- prepare
create temp table board_change as
with ranked_week as (
  select
    board_week.week,
    extract(isoyear from week_start(board_week.week))::smallint as year,
    extract(week from week_start(board_week.week))::smallint as iso_week
  from board_week
), figure as materialized (
  select
    board_figure.user_id,
    board_figure.week,
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
    ranked_week.week,
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
), counted as (
  select 'connectors' as board, figure.week, figure.new_first_degree as figure, count(*) as user_count
  from figure
  group by figure.week, figure.new_first_degree
  union all
  select 'builders' as board, figure.week, figure.delta_second_degree as figure, count(*) as user_count
  from figure
  group by figure.week, figure.delta_second_degree
  union all
  select 'streaks' as board, figure.week, figure.streak_days as figure, count(*) as user_count
  from figure
  group by figure.week, figure.streak_days
), placed as (
  select
    counted.board,
    counted.week,
    counted.figure,
    (sum(counted.user_count) over higher - counted.user_count + 1)::integer as rank
  from counted
  where counted.figure > 0
  window higher as (partition by counted.board, counted.week order by counted.figure desc)
)
select
  figure.user_id,
  ranked_week.year,
  ranked_week.iso_week,
  figure.new_first_degree,
  figure.delta_second_degree,
  figure.streak_days,
  connectors.rank as connectors_rank,
  builders.rank as builders_rank,
  streaks.rank as streak_rank
from figure
join ranked_week on ranked_week.week = figure.week
left join placed as connectors
  on connectors.board = 'connectors' and connectors.week = figure.week and connectors.figure = figure.new_first_degree
left join placed as builders
  on builders.board = 'builders' and builders.week = figure.week and builders.figure = figure.delta_second_degree
left join placed as streaks
  on streaks.board = 'streaks' and streaks.week = figure.week and streaks.figure = figure.streak_days
where figure.is_given
  or (connectors.rank, builders.rank, streaks.rank)
    is distinct from (figure.connectors_rank, figure.builders_rank, figure.streak_rank);
