-- The viewer's streak, running week and days with taps (as sql/api/momentum.sql has them) in another zone than the
-- stored one, from the viewer's own taps on processed days, as of the same calendar date: what is dated after it waits.
-- $1 user_key, $2 the viewer's zone, $3 the as-of day, $4 whether that day is over in the viewer's zone, $5 the Monday
-- of its week, $6 the viewer's date, which may be before the as-of day: a day that lasts breaks no streak yet.
-- A pair's day in the stored zone keeps its first and last tap. Those in between are read only where they matter: a day
-- of three taps and more that meets two days of the viewer's zone, or in which the viewer's clock was set.
with viewer_pair as (
  select pair.u1_key, pair.u2_key, pair.first_tap_at from pair where pair.u1_key = $1::integer
  union all
  select pair.u1_key, pair.u2_key, pair.first_tap_at from pair where pair.u2_key = $1::integer
), stored_day as (
  select
    pair_day.u1_key,
    pair_day.u2_key,
    pair_day.day,
    pair_day.tap_count,
    local.first_tap::date as first_day,
    local.last_tap::date as last_day,
    local.first_tap::date = local.last_tap::date
      and local.last_tap - local.first_tap = pair_day.last_tap_at - pair_day.first_tap_at as is_one_day
  from viewer_pair
  join pair_day on pair_day.u1_key = viewer_pair.u1_key and pair_day.u2_key = viewer_pair.u2_key
  cross join lateral (
    select
      pair_day.first_tap_at at time zone $2::text as first_tap,
      pair_day.last_tap_at at time zone $2::text as last_tap
  ) as local
), dated as (
  select stored_day.first_day as day, stored_day.tap_count as taps
  from stored_day
  where stored_day.is_one_day
  union all
  select stored_day.first_day, 1 from stored_day where not stored_day.is_one_day
  union all
  select stored_day.last_day, 1 from stored_day where not stored_day.is_one_day and stored_day.tap_count > 1
  union all
  select (between_tap.tapped_at at time zone $2::text)::date, 1
  from stored_day
  join pair_day_tap
    on pair_day_tap.u1_key = stored_day.u1_key
    and pair_day_tap.u2_key = stored_day.u2_key
    and pair_day_tap.day = stored_day.day
  cross join lateral unnest(pair_day_tap.tapped_at) as between_tap (tapped_at)
  where stored_day.tap_count > 2
    and not stored_day.is_one_day
), active_day as materialized (
  select dated.day, sum(dated.taps)::integer as taps
  from dated
  where dated.day <= $3::date
  group by dated.day
), numbered as (
  select
    active_day.day,
    active_day.day - (row_number() over (order by active_day.day))::integer as stretch
  from active_day
), streak as (
  select max(numbered.day) as ended_on, count(*)::integer as days from numbered group by numbered.stretch
)
select
  coalesce(
    (
      select streak.days from streak
      where streak.ended_on >= least($3::date - case when $4::boolean then 0 else 1 end, $6::date - 1)
      order by streak.ended_on desc
      limit 1
    ), 0
  ) as current_streak_days,
  coalesce((select max(streak.days) from streak), 0) as longest_streak_days,
  coalesce((select sum(active_day.taps) from active_day where active_day.day >= $5::date), 0)::integer as weekly_taps,
  (
    select count(*)::integer from viewer_pair
    where (viewer_pair.first_tap_at at time zone $2::text)::date between $5::date and $3::date
  ) as new_connections,
  (
    select string_agg(($3::date - active_day.day) || ':' || active_day.taps, ',' order by active_day.day)
    from active_day
    where active_day.day >= $3::date - 370
  ) as active_days
