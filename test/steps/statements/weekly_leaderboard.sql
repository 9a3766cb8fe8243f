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
  from board_change
  join weekly_leaderboard as stored
    on stored.user_id = board_change.user_id
    and stored.year = board_change.year
    and stored.iso_week = board_change.iso_week
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
  streak_rank = excluded.streak_rank;
