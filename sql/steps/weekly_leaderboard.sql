-- Three boards a week. A week is ranked again as a whole when a figure of it changed, otherwise it is not read.
--! reads: board_week, board_figure, weekly_leaderboard
--! writes: weekly_leaderboard
--! fills: weekly_leaderboard
--! grain: user_id, year, iso_week
with stored as (
  select
    weekly_leaderboard.user_id,
    board_week.week,
    weekly_leaderboard.new_first_degree,
    weekly_leaderboard.delta_second_degree,
    weekly_leaderboard.streak_days,
    weekly_leaderboard.connectors_rank,
    weekly_leaderboard.builders_rank,
    weekly_leaderboard.streak_rank
  from board_week
  join weekly_leaderboard
    on weekly_leaderboard.year = extract(isoyear from week_start(board_week.week))::smallint
    and weekly_leaderboard.iso_week = extract(week from week_start(board_week.week))::smallint
), figure as (
  select
    board_figure.user_id,
    board_figure.week,
    board_figure.new_first_degree,
    board_figure.delta_second_degree,
    board_figure.streak_days
  from board_figure
  join board_week on board_week.week = board_figure.week
  where board_figure.streak_days is not null
  union all
  select
    stored.user_id,
    stored.week,
    stored.new_first_degree,
    stored.delta_second_degree,
    stored.streak_days
  from stored
  left join board_figure on board_figure.user_id = stored.user_id and board_figure.week = stored.week
  where board_figure.user_id is null
), fresh as (
  -- A 0 sorts last, so it never shifts the rank of a figure above it.
  select
    figure.user_id,
    figure.week,
    figure.new_first_degree,
    figure.delta_second_degree,
    figure.streak_days,
    case
      when figure.new_first_degree > 0
        then rank() over (partition by figure.week order by figure.new_first_degree desc)
    end as connectors_rank,
    case
      when figure.delta_second_degree > 0
        then rank() over (partition by figure.week order by figure.delta_second_degree desc)
    end as builders_rank,
    case
      when figure.streak_days > 0
        then rank() over (partition by figure.week order by figure.streak_days desc)
    end as streak_rank
  from figure
), compared as (
  select
    user_id,
    week,
    fresh.new_first_degree,
    fresh.delta_second_degree,
    fresh.streak_days,
    fresh.connectors_rank,
    fresh.builders_rank,
    fresh.streak_rank,
    stored.streak_days is not null as is_stored
  from fresh
  full join stored using (user_id, week)
  where (
      fresh.new_first_degree,
      fresh.delta_second_degree,
      fresh.streak_days,
      fresh.connectors_rank,
      fresh.builders_rank,
      fresh.streak_rank
    ) is distinct from (
      stored.new_first_degree,
      stored.delta_second_degree,
      stored.streak_days,
      stored.connectors_rank,
      stored.builders_rank,
      stored.streak_rank
    )
), deleted as (
  delete from weekly_leaderboard as target
  using compared
  where compared.streak_days is null
    and (target.user_id, target.week_start) = (compared.user_id, week_start(compared.week))
  returning 1
), updated as (
  update weekly_leaderboard as target
  set
    new_first_degree = compared.new_first_degree,
    delta_second_degree = compared.delta_second_degree,
    streak_days = compared.streak_days,
    connectors_rank = compared.connectors_rank,
    builders_rank = compared.builders_rank,
    streak_rank = compared.streak_rank
  from compared
  where compared.streak_days is not null
    and compared.is_stored
    and (target.user_id, target.week_start) = (compared.user_id, week_start(compared.week))
  returning 1
), inserted as (
  insert into weekly_leaderboard (
    user_id,
    year,
    iso_week,
    new_first_degree,
    delta_second_degree,
    streak_days,
    connectors_rank,
    builders_rank,
    streak_rank
  )
  select
    compared.user_id,
    extract(isoyear from week_start(compared.week)),
    extract(week from week_start(compared.week)),
    compared.new_first_degree,
    compared.delta_second_degree,
    compared.streak_days,
    compared.connectors_rank,
    compared.builders_rank,
    compared.streak_rank
  from compared
  where not compared.is_stored
  order by compared.week, compared.user_id
  returning 1
)
select
  (select count(*) from inserted)::integer as inserted,
  (select count(*) from updated)::integer as updated,
  (select count(*) from deleted)::integer as deleted
