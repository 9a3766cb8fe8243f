-- The three boards of a week among the users whose home is one city, ranked among themselves: the first five of each
-- who have not opted out, and a row without a user per figure, from which the viewer's own rank is read.
-- $1 ISO year, $2 ISO week, $3 country, $4 state or null, $5 city.
with resident as (
  select home_location_struct.user_id
  from home_location_struct
  where home_location_struct.country = $3::text
    and home_location_struct.state is not distinct from $4::text
    and home_location_struct.city = $5::text
), figure as (
  select weekly_leaderboard.user_id, board.name as board, board.figure
  from resident
  join weekly_leaderboard on weekly_leaderboard.user_id = resident.user_id
  cross join lateral (
    values
      ('new_connections', weekly_leaderboard.new_first_degree),
      ('community_builders', weekly_leaderboard.delta_second_degree),
      ('streak_masters', weekly_leaderboard.streak_days)
  ) as board (name, figure)
  where weekly_leaderboard.year = $1::smallint
    and weekly_leaderboard.iso_week = $2::smallint
    and board.figure > 0
), ranked as (
  select
    figure.board,
    figure.user_id,
    figure.figure,
    (rank() over (partition by figure.board order by figure.figure desc))::integer as rank
  from figure
), placed as (
  select
    ranked.board,
    ranked.user_id,
    ranked.figure,
    ranked.rank,
    app_user.name,
    row_number() over (partition by ranked.board order by ranked.rank, ranked.user_id) as place
  from ranked
  join app_user on app_user.id = ranked.user_id
  where not app_user.opted_out
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
union all
select distinct ranked.board, null::uuid, null::text, ranked.figure, ranked.rank, null::timestamptz
from ranked
order by board, rank, user_id
