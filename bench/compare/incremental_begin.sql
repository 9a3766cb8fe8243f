-- The tables of an incremental model, filled once from the taps so far: those of the full refresh.
create schema incremental;
create table incremental.pair_day as
select key1.user_id as u1, key2.user_id as u2, day, tap_count, first_tap_at, last_tap_at
from reference.pair_day
join reference.user_key as key1 on key1.user_key = u1_key
join reference.user_key as key2 on key2.user_key = u2_key;
alter table incremental.pair_day add primary key (u1, u2, day);
create index on incremental.pair_day (day);
create table incremental.pair as
select key1.user_id as u1, key2.user_id as u2, first_tap_at, first_day, last_tap_at, last_day, tap_count
from reference.pair
join reference.user_key as key1 on key1.user_key = u1_key
join reference.user_key as key2 on key2.user_key = u2_key;
alter table incremental.pair add primary key (u1, u2);
create index on incremental.pair (first_day);
create table incremental.user_day_activity as table reference.user_day_activity;
alter table incremental.user_day_activity add primary key (user_id, day);
create index on incremental.user_day_activity (day);
create table incremental.user_streaks as table reference.user_streaks;
alter table incremental.user_streaks add primary key (user_id);
create table incremental.user_week_activity as
select user_id, year, iso_week, tap_count, first_degree_new_count, week_start from reference.user_week_activity;
alter table incremental.user_week_activity add primary key (user_id, year, iso_week);
create index on incremental.user_week_activity (week_start);
create table incremental.weekly_leaderboard as
select user_id, year, iso_week, new_first_degree, streak_days, connectors_rank, streak_rank, week_start
from reference.weekly_leaderboard;
alter table incremental.weekly_leaderboard add primary key (user_id, year, iso_week);
create index on incremental.weekly_leaderboard (week_start);
create table incremental.edge_strength as table reference.edge_strength;
alter table incremental.edge_strength add primary key (u1, u2);
analyze;
