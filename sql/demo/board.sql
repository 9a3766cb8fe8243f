-- The top of one board of the latest week: $1 connectors, builders or streak.
select
  ranked.rank,
  app_user.name,
  ranked.figure
from (
  select
    weekly_leaderboard.user_id,
    case $1::text
      when 'connectors' then weekly_leaderboard.connectors_rank
      when 'builders' then weekly_leaderboard.builders_rank
      else weekly_leaderboard.streak_rank
    end as rank,
    case $1::text
      when 'connectors' then weekly_leaderboard.new_first_degree
      when 'builders' then weekly_leaderboard.delta_second_degree
      else weekly_leaderboard.streak_days
    end as figure
  from weekly_leaderboard
  where weekly_leaderboard.week_start = (select max(latest.week_start) from weekly_leaderboard as latest)
) as ranked
join app_user on app_user.id = ranked.user_id
where ranked.rank is not null
order by ranked.figure desc, ranked.user_id
limit 5
