-- stage
create temp table stage as
select
  user_id,
  year,
  iso_week,
  wanted.new_first_degree,
  wanted.delta_second_degree,
  wanted.streak_days,
  wanted.connectors_rank,
  wanted.builders_rank,
  wanted.streak_rank,
  stored.new_first_degree as old_new_first_degree,
  stored.delta_second_degree as old_delta_second_degree,
  stored.streak_days as old_streak_days,
  stored.connectors_rank as old_connectors_rank,
  stored.builders_rank as old_builders_rank,
  stored.streak_rank as old_streak_rank,
  wanted.is_wanted is not null as is_wanted,
  stored.is_stored is not null as is_stored
from (
  select
    user_id,
    year,
    iso_week,
    new_first_degree,
    delta_second_degree,
    streak_days,
    connectors_rank,
    builders_rank,
    streak_rank,
    true as is_wanted
  from (
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
  ) as selected
) as wanted
full join (
  select
    stored.user_id,
    stored.year,
    stored.iso_week,
    stored.new_first_degree,
    stored.delta_second_degree,
    stored.streak_days,
    stored.connectors_rank,
    stored.builders_rank,
    stored.streak_rank,
    true as is_stored
  from (
    select
      iso_year(week) as year,
      iso_week(week) as iso_week
    from board_week
  ) as ranked_week
  join weekly_leaderboard as stored on stored.year = ranked_week.year and stored.iso_week = ranked_week.iso_week
) as stored using (user_id, year, iso_week)
where (wanted.is_wanted, wanted.new_first_degree, wanted.delta_second_degree, wanted.streak_days, wanted.connectors_rank, wanted.builders_rank, wanted.streak_rank)
  is distinct from (stored.is_stored, stored.new_first_degree, stored.delta_second_degree, stored.streak_days, stored.connectors_rank, stored.builders_rank, stored.streak_rank);

-- delete
delete from weekly_leaderboard as target
using stage
where not stage.is_wanted
  and (target.user_id, target.year, target.iso_week) = (stage.user_id, stage.year, stage.iso_week);

-- upsert
insert into weekly_leaderboard as target (user_id, year, iso_week, new_first_degree, delta_second_degree, streak_days, connectors_rank, builders_rank, streak_rank)
select stage.user_id, stage.year, stage.iso_week, stage.new_first_degree, stage.delta_second_degree, stage.streak_days, stage.connectors_rank, stage.builders_rank, stage.streak_rank
from stage
where stage.is_wanted
order by stage.year, stage.iso_week, stage.user_id
on conflict (user_id, year, iso_week) do update set
  new_first_degree = excluded.new_first_degree,
  delta_second_degree = excluded.delta_second_degree,
  streak_days = excluded.streak_days,
  connectors_rank = excluded.connectors_rank,
  builders_rank = excluded.builders_rank,
  streak_rank = excluded.streak_rank,
  iso_week = excluded.iso_week;
