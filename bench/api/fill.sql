-- What the read API reads, from the tables of the reference instead of a backfill, which takes hours at the largest
-- size. Second degree, quests and surges are made up (their cost to a reader does not depend on the figures): no figure
-- of this database means anything.
insert into gamification.setting (key, value) values ('zone', 'UTC') on conflict (key) do nothing;
insert into gamification.run (run_id, command, state, started_at, ended_at, host, pid, as_of_day, day_count, batch_count)
select 1, 'bench', 'done', now(), now(), 'bench', 1, max(day), count(distinct day)::integer, 1 from reference.pair_day;
insert into gamification.processed_day
  (day, tap_count, tap_digest, null_id_count, self_tap_count, unknown_user_count, steps_sha256, run_id)
select day, sum(tap_count)::integer, 0, 0, 0, 0, 'bench', 1 from reference.pair_day group by day;
insert into gamification.user_key (user_key, user_id) select user_key, user_id from reference.user_key;
insert into gamification.pair_day (u1_key, u2_key, day, tap_count, first_tap_at, last_tap_at)
select u1_key, u2_key, day, tap_count, first_tap_at, last_tap_at from reference.pair_day;
insert into gamification.pair_day_tap (u1_key, u2_key, day, tapped_at)
select u1_key, u2_key, day, tapped_at from reference.pair_day_tap;
insert into gamification.pair (u1_key, u2_key, first_tap_at, first_day, last_tap_at, last_day, tap_count)
select u1_key, u2_key, first_tap_at, first_day, last_tap_at, last_day, tap_count from reference.pair;
insert into gamification.friend_list (user_key, friends)
select
  friend.user_key,
  string_agg(
    int4send(friend.friend_key) || int4send(friend.first_day - date '0001-01-01'),
    ''::bytea order by friend.friend_key
  )
from gamification.friend
group by friend.user_key;
insert into gamification.user_streaks
  (user_id, current_streak_days, longest_streak_days, last_active_day, streak_started_on, last_tap_at)
select user_id, current_streak_days, longest_streak_days, last_active_day, streak_started_on, last_tap_at
from reference.user_streaks;
insert into gamification.user_week_activity
  (user_id, year, iso_week, tap_count, first_degree_new_count, second_degree_count, second_degree_new_count)
select user_id, year, iso_week, tap_count, first_degree_new_count, 1000, 40 * first_degree_new_count
from reference.user_week_activity;
insert into gamification.weekly_leaderboard
  (user_id, year, iso_week, new_first_degree, delta_second_degree, streak_days, connectors_rank, builders_rank, streak_rank)
select user_id, year, iso_week, new_first_degree, 40 * new_first_degree, streak_days, connectors_rank, connectors_rank, streak_rank
from reference.weekly_leaderboard;
insert into gamification.edge_strength (u1, u2, taps_90d, last_tap_at, strength_f32)
select u1, u2, taps_90d, last_tap_at, strength_f32 from reference.edge_strength;
insert into gamification.user_cell_day (user_key, geohash5, day, first_tap_at)
select user_key, geohash5, day, first_tap_at from reference.user_cell_day;
insert into gamification.user_cell (user_key, geohash5, first_day, first_tap_at)
select user_key, geohash5, first_day, first_tap_at from reference.user_cell;
insert into gamification.user_quest_progress (user_id, quest_id, week_start, progress)
select week.user_id, quest_rule.quest_id, week.week_start,
  jsonb_build_object('count', week.tap_count, 'target', quest_rule.target, 'pct', least(100, 100 * week.tap_count / quest_rule.target))
from reference.user_week_activity as week
cross join gamification.quest_rule
where quest_rule.metric in ('taps', 'new_people', 'streak_days');
insert into gamification.surge_windows
  (window_id, area_name, geohash5, start_time, end_time, surge_multiplier, expected_taps, tap_count, unique_users)
select geohash5 || '-' || starts_at, geohash5, geohash5, starts_at, starts_at + interval '1 hour',
  2, 5, greatest(5, tap_count), 7
from reference.area_hour
where abs(hashtext(geohash5 || starts_at)) % 1000 = 0;
insert into gamification.home_location_struct
  (user_id, original_text, city, state, country, geohash5, confidence, method, parser_version)
select users.id, users.home, place.name, place.state, place.country, place.geohash5, 1, 'city', 'bench'
from public.users
join (
  values ('Brooklyn, NY', 'Brooklyn', 'US'), ('Austin TX', 'Austin', 'US'), ('London', 'London', 'GB'),
    ('San Francisco, CA', 'San Francisco', 'US'), ('Berlin, Germany', 'Berlin', 'DE'), ('Paris', 'Paris', 'FR'),
    ('NYC / LA', 'New York City', 'US')
) as home (text, city, country) on home.text = users.home
cross join lateral (
  select name, state, country, geohash5
  from gamification.gazetteer_place
  where name = home.city and country = home.country
  order by population desc limit 1
) as place;

