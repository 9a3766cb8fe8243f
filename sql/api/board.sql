-- The three boards of a week: the first five of each who have not opted out, ties in the order of their ids.
-- $1 ISO year, $2 ISO week.
-- Ten of each are taken before names are looked up, for users who are gone since the last run.
with hidden as materialized (
  select app_user.id from app_user where app_user.opted_out
), place as materialized (
  select
    weekly_leaderboard.user_id,
    weekly_leaderboard.new_first_degree,
    weekly_leaderboard.delta_second_degree,
    weekly_leaderboard.streak_days,
    weekly_leaderboard.connectors_rank,
    weekly_leaderboard.builders_rank,
    weekly_leaderboard.streak_rank
  from weekly_leaderboard
  left join hidden on hidden.id = weekly_leaderboard.user_id
  where weekly_leaderboard.year = $1::smallint
    and weekly_leaderboard.iso_week = $2::smallint
    and hidden.id is null
), best as (
  (
    select 'new_connections' as board, place.user_id, place.new_first_degree as figure, place.connectors_rank as rank
    from place
    where place.connectors_rank is not null
    order by place.connectors_rank, place.user_id
    limit 10
  )
  union all
  (
    select 'community_builders', place.user_id, place.delta_second_degree, place.builders_rank
    from place
    where place.builders_rank is not null
    order by place.builders_rank, place.user_id
    limit 10
  )
  union all
  (
    select 'streak_masters', place.user_id, place.streak_days, place.streak_rank
    from place
    where place.streak_rank is not null
    order by place.streak_rank, place.user_id
    limit 10
  )
), placed as (
  select
    best.board,
    best.user_id,
    best.figure,
    best.rank,
    app_user.name,
    row_number() over (partition by best.board order by best.rank, best.user_id) as place
  from best
  join app_user on app_user.id = best.user_id
)
select
  placed.board,
  placed.user_id,
  coalesce(placed.name, '') as name,
  placed.figure,
  placed.rank,
  user_streaks.last_tap_at
from placed
left join user_streaks on user_streaks.user_id = placed.user_id
where placed.place <= 5
order by placed.board, placed.place
