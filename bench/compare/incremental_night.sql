-- A night of incremental models with a look-back: what lies in the last three days before the night (:from_day on) is
-- deleted and made anew from the taps, and what hangs on it for the users, pairs and weeks of those days. Ties decay,
-- so they are a table that is made anew.
delete from incremental.pair_day where day >= :from_day;

insert into incremental.pair_day (u1, u2, day, tap_count, first_tap_at, last_tap_at)
select
  least(tap.id1, tap.id2),
  greatest(tap.id1, tap.id2),
  (tap.time at time zone 'UTC')::date,
  count(*)::integer,
  min(tap.time),
  max(tap.time)
from public.taps as tap
join public.users as one on one.id = tap.id1
join public.users as other on other.id = tap.id2
where tap.time >= :from_day and tap.time < :to_day + 1 and tap.id1 <> tap.id2
group by 1, 2, 3;

insert into incremental.pair (u1, u2, first_tap_at, first_day, last_tap_at, last_day, tap_count)
select pair_day.u1, pair_day.u2, min(first_tap_at), min(day), max(last_tap_at), max(day), sum(tap_count)::integer
from incremental.pair_day
join (select distinct u1, u2 from incremental.pair_day where day >= :from_day) as touched using (u1, u2)
group by pair_day.u1, pair_day.u2
on conflict (u1, u2) do update set
  first_tap_at = excluded.first_tap_at,
  first_day = excluded.first_day,
  last_tap_at = excluded.last_tap_at,
  last_day = excluded.last_day,
  tap_count = excluded.tap_count;

delete from incremental.user_day_activity where day >= :from_day;

insert into incremental.user_day_activity (user_id, day, tap_count, first_degree_new_count)
select end_of.user_id, pair_day.day, sum(pair_day.tap_count)::integer, count(*) filter (where pair.first_day = pair_day.day)::integer
from incremental.pair_day
join incremental.pair using (u1, u2)
cross join lateral (values (pair_day.u1), (pair_day.u2)) as end_of (user_id)
where pair_day.day >= :from_day
group by end_of.user_id, pair_day.day;

-- Whoever was active lately has a new streak; of everybody else it may be over.
insert into incremental.user_streaks
  (user_id, current_streak_days, longest_streak_days, last_active_day, streak_started_on, last_tap_at)
select
  run.user_id,
  case when max(run.ended_on) = :to_day then (array_agg(run.ended_on - run.started_on + 1 order by run.ended_on desc))[1] else 0 end,
  max(run.ended_on - run.started_on + 1),
  max(run.ended_on),
  (array_agg(run.started_on order by run.ended_on desc))[1],
  max(seen.last_tap_at)
from (
  select user_id, min(day) as started_on, max(day) as ended_on
  from (
    select user_id, day, day - (row_number() over (partition by user_id order by day))::integer as island
    from incremental.user_day_activity
    where user_id in (select user_id from incremental.user_day_activity where day >= :from_day)
  ) as dated
  group by user_id, island
) as run
join (
  select end_of.user_id, max(pair.last_tap_at) as last_tap_at
  from incremental.pair
  cross join lateral (values (pair.u1), (pair.u2)) as end_of (user_id)
  group by end_of.user_id
) as seen on seen.user_id = run.user_id
group by run.user_id
on conflict (user_id) do update set
  current_streak_days = excluded.current_streak_days,
  longest_streak_days = excluded.longest_streak_days,
  last_active_day = excluded.last_active_day,
  streak_started_on = excluded.streak_started_on,
  last_tap_at = excluded.last_tap_at;

update incremental.user_streaks set current_streak_days = 0 where current_streak_days > 0 and last_active_day < :to_day;

delete from incremental.user_week_activity where week_start > :from_day - 7;

insert into incremental.user_week_activity (user_id, year, iso_week, tap_count, first_degree_new_count, week_start)
select
  user_id,
  extract(isoyear from day)::smallint,
  extract(week from day)::smallint,
  sum(tap_count)::integer,
  sum(first_degree_new_count)::integer,
  date_trunc('week', day::timestamp)::date
from incremental.user_day_activity
where day >= date_trunc('week', :from_day::timestamp)::date
group by 1, 2, 3, 6;

delete from incremental.weekly_leaderboard where week_start > :from_day - 7;

insert into incremental.weekly_leaderboard
  (user_id, year, iso_week, new_first_degree, streak_days, connectors_rank, streak_rank, week_start)
select
  week.user_id,
  week.year,
  week.iso_week,
  week.first_degree_new_count,
  streak.days,
  case
    when week.first_degree_new_count > 0
      then rank() over (partition by week.week_start order by week.first_degree_new_count desc)
  end,
  rank() over (partition by week.week_start order by streak.days desc),
  week.week_start
from incremental.user_week_activity as week
join (
  select dated.user_id, date_trunc('week', dated.day::timestamp)::date as week_start, max(dated.days)::integer as days
  from (
    select user_id, day, row_number() over (partition by user_id, island order by day) as days
    from (
      select user_id, day, day - (row_number() over (partition by user_id order by day))::integer as island
      from incremental.user_day_activity
    ) as line
  ) as dated
  group by 1, 2
) as streak on streak.user_id = week.user_id and streak.week_start = week.week_start
where week.week_start > :from_day - 7;

truncate incremental.edge_strength;

insert into incremental.edge_strength (u1, u2, taps_90d, last_tap_at, strength_f32)
select
  u1,
  u2,
  sum(tap_count)::integer,
  max(last_tap_at),
  (0.6 * ln(1 + sum(tap_count)::float8) + 0.4 * exp((:to_day - max(day)) / -21.0::float8))::real
from incremental.pair_day
where day > :to_day - 90
group by u1, u2;
