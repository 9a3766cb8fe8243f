-- The viewer's streak and running week in another zone than the stored one, from the viewer's own taps on processed days.
-- $1 user_key, $2 the viewer's zone, $3 the viewer's latest day that is known, $4 whether that day is over,
-- $5 Monday of the viewer's running week.
-- A pair's day in the stored zone keeps its first and last tap. Those in between are read only where they matter: a day
-- that meets three days of the viewer's zone, or three taps and more astride the week's Monday.
with viewer_pair as (
  select pair.u1_key, pair.u2_key, pair.first_tap_at from pair where pair.u1_key = $1::integer
  union all
  select pair.u1_key, pair.u2_key, pair.first_tap_at from pair where pair.u2_key = $1::integer
), viewer_day as (
  select
    pair_day.u1_key,
    pair_day.u2_key,
    pair_day.day,
    pair_day.tap_count,
    pair_day.first_tap_at,
    pair_day.last_tap_at,
    (pair_day.first_tap_at at time zone $2::text)::date as first_day,
    (pair_day.last_tap_at at time zone $2::text)::date as last_day
  from viewer_pair
  join pair_day on pair_day.u1_key = viewer_pair.u1_key and pair_day.u2_key = viewer_pair.u2_key
), between_tap as (
  select viewer_day.first_day, (between_moment.tapped_at at time zone $2::text)::date as day
  from viewer_day
  join pair_day_tap
    on pair_day_tap.u1_key = viewer_day.u1_key
    and pair_day_tap.u2_key = viewer_day.u2_key
    and pair_day_tap.day = viewer_day.day
  cross join lateral unnest(pair_day_tap.tapped_at) as between_moment (tapped_at)
  where viewer_day.tap_count > 2
    and (
      viewer_day.last_day - viewer_day.first_day > 1
      or (viewer_day.first_day < $5::date and viewer_day.last_day >= $5::date)
    )
), active_day as (
  select first_day as day from viewer_day
  union
  select last_day from viewer_day
  union
  select day from between_tap
), numbered as (
  select day, day - (row_number() over (order by day))::integer as stretch from active_day
), streak as (
  select min(day) as started_on, max(day) as ended_on, count(*)::integer as days from numbered group by stretch
), week_tap as (
  select tap_count from viewer_day where first_day >= $5::date
  union all
  select 1 from viewer_day where first_day < $5::date and last_day >= $5::date
  union all
  select 1 from between_tap where day >= $5::date and first_day < $5::date
)
select
  coalesce(
    (
      select streak.days from streak
      where streak.ended_on >= $3::date - case when $4::boolean then 0 else 1 end
      order by streak.ended_on desc
      limit 1
    ), 0
  ) as current_streak_days,
  coalesce((select max(streak.days) from streak), 0) as longest_streak_days,
  coalesce((select sum(week_tap.tap_count) from week_tap), 0)::integer as weekly_taps,
  (
    select count(*)::integer from viewer_pair
    where (viewer_pair.first_tap_at at time zone $2::text)::date >= $5::date
  ) as new_connections
