-- Up Migration

create function week_number(day date) returns integer
language sql immutable parallel safe
return (day - date '0001-01-01') / 7;
comment on function week_number(date) is 'The ISO week of a day as an integer that counts on over year ends: whole weeks since Monday 0001-01-01. Much cheaper than extract(), which works on numeric.';

create function week_start(week_number integer) returns date
language sql immutable parallel safe
return date '0001-01-01' + 7 * week_number;
comment on function week_start(integer) is 'The Monday of a week_number.';

-- Facts, keyed by a private integer: a 16-byte random key makes every sort, hash and index of the graph several times dearer.

create table user_key (
  user_key integer primary key,
  user_id uuid not null unique
);
comment on table user_key is 'A private integer for every user with a valid tap on a processed day. Its value means nothing and never leaves the schema.';
comment on column user_key.user_key is 'The integer.';
comment on column user_key.user_id is 'The application''s id of the user.';

create table pair_day (
  u1_key integer not null,
  u2_key integer not null,
  day date not null,
  tap_count integer not null check (tap_count > 0),
  first_tap_at timestamptz not null,
  last_tap_at timestamptz not null,
  primary key (u1_key, u2_key, day),
  check (first_tap_at <= last_tap_at)
);
create index pair_day_day on pair_day (day);
comment on table pair_day is 'A row per pair and processed day with a tap of theirs: the fact that all other figures follow from, so that a repair never has to search the application''s taps.';
comment on column pair_day.u1_key is 'user_key of u1, the smaller user id of the pair (the keys themselves are in no order).';
comment on column pair_day.u2_key is 'user_key of u2, the larger user id of the pair.';
comment on column pair_day.day is 'Local date of the taps.';
comment on column pair_day.tap_count is 'Taps of the pair that day.';
comment on column pair_day.first_tap_at is 'The first of them.';
comment on column pair_day.last_tap_at is 'The last of them.';
comment on index pair_day_day is 'All pairs of a day.';

create table pair (
  u1_key integer not null,
  u2_key integer not null,
  first_tap_at timestamptz not null,
  first_day date not null,
  last_tap_at timestamptz not null,
  last_day date not null,
  tap_count integer not null check (tap_count > 0),
  primary key (u1_key, u2_key) include (first_day),
  check (u1_key <> u2_key),
  check (first_day <= last_day and first_tap_at <= last_tap_at)
) with (fillfactor = 85);
create unique index pair_u2_u1 on pair (u2_key, u1_key) include (first_day);
comment on table pair is 'A row per pair that has ever tapped, within P. Read it as connection, which carries the user ids.';
comment on column pair.u1_key is 'user_key of u1, the smaller user id of the pair.';
comment on column pair.u2_key is 'user_key of u2, the larger user id of the pair.';
comment on column pair.first_tap_at is 'Their first tap.';
comment on column pair.first_day is 'Its local date.';
comment on column pair.last_tap_at is 'Their latest tap.';
comment on column pair.last_day is 'Its local date.';
comment on column pair.tap_count is 'All their taps.';
comment on index pair_u2_u1 is 'The pairs of a user, seen from the other end.';

create view connection as
select
  user1.user_id as u1,
  user2.user_id as u2,
  pair.first_tap_at,
  pair.first_day,
  pair.last_tap_at,
  pair.last_day,
  pair.tap_count
from pair
join user_key as user1 on user1.user_key = pair.u1_key
join user_key as user2 on user2.user_key = pair.u2_key;
comment on view connection is 'A row per pair of users, u1 < u2, that has ever tapped on a processed day.';
comment on column connection.u1 is 'The smaller user id.';
comment on column connection.u2 is 'The larger user id.';
comment on column connection.first_tap_at is 'Their first tap.';
comment on column connection.first_day is 'Its local date.';
comment on column connection.last_tap_at is 'Their latest tap.';
comment on column connection.last_day is 'Its local date.';
comment on column connection.tap_count is 'All their taps.';

create view friend as
select u1_key as user_key, u2_key as friend_key, first_day from pair
union all
select u2_key as user_key, u1_key as friend_key, first_day from pair;
comment on view friend is 'Every pair from both ends: the graph whose distances the second degree counts.';
comment on column friend.user_key is 'A user.';
comment on column friend.friend_key is 'A partner of theirs.';
comment on column friend.first_day is 'The day of their first tap.';

create table activity_run (
  user_key integer not null,
  started_on date not null,
  ended_on date not null,
  primary key (user_key, ended_on) include (started_on),
  check (started_on <= ended_on)
);
create index activity_run_length on activity_run (user_key, (ended_on - started_on));
comment on table activity_run is 'A row per longest stretch of consecutive active days of a user. Streaks, boards and quests read lengths from it without walking days.';
comment on column activity_run.user_key is 'The user.';
comment on column activity_run.started_on is 'First day of the stretch.';
comment on column activity_run.ended_on is 'Last day of the stretch.';
comment on index activity_run_length is 'The longest stretch of a user is one look-up.';

create table second_degree (
  user_key integer primary key,
  week integer not null,
  second_degree_count integer not null,
  second_degree_new_count integer not null
) with (fillfactor = 70);
comment on table second_degree is 'A row per user: the second degree as it stands in the week of the as-of day, whether or not the user has tapped in it. A user who returns after weeks is not counted anew.';
comment on column second_degree.user_key is 'The user.';
comment on column second_degree.week is 'The week_number of the as-of day, the same in every row.';
comment on column second_degree.second_degree_count is 'Users at distance exactly 2 on the as-of day.';
comment on column second_degree.second_degree_new_count is 'Those of them who were farther than 2 the day before the week''s Monday.';

-- The rollups that people read.

create table user_day_activity (
  user_id uuid not null,
  day date not null,
  tap_count integer not null check (tap_count > 0),
  first_degree_new_count integer not null check (first_degree_new_count >= 0),
  primary key (user_id, day)
);
create index user_day_activity_day on user_day_activity (day);
comment on table user_day_activity is 'A row per user and local day with at least one tap.';
comment on column user_day_activity.user_id is 'The user.';
comment on column user_day_activity.day is 'Local date in the recorded zone.';
comment on column user_day_activity.tap_count is 'The user''s taps that day.';
comment on column user_day_activity.first_degree_new_count is 'Partners whose first tap ever with this user is on that day.';
comment on index user_day_activity_day is 'All users of a day.';

create table user_week_activity (
  user_id uuid not null,
  year smallint not null,
  iso_week smallint not null check (iso_week between 1 and 53),
  tap_count integer not null check (tap_count > 0),
  first_degree_new_count integer not null check (first_degree_new_count >= 0),
  second_degree_count integer not null check (second_degree_count >= 0),
  second_degree_new_count integer not null check (second_degree_new_count >= 0),
  last_updated_at timestamptz not null default now(),
  week_start date not null generated always as (
    make_date(year, 1, 4) - (extract(isodow from make_date(year, 1, 4))::integer - 1) + 7 * (iso_week - 1)
  ) stored,
  primary key (user_id, year, iso_week)
) with (fillfactor = 85);
create index user_week_activity_week on user_week_activity (year, iso_week);
create index user_week_activity_user_week_start on user_week_activity (user_id, week_start);
comment on table user_week_activity is 'A row per user and ISO week with at least one tap.';
comment on column user_week_activity.user_id is 'The user.';
comment on column user_week_activity.year is 'ISO year: 2024-12-30 is in 2025.';
comment on column user_week_activity.iso_week is 'ISO week, 1 to 53.';
comment on column user_week_activity.tap_count is 'The user''s taps of the week.';
comment on column user_week_activity.first_degree_new_count is 'Partners tapped for the first time ever in the week.';
comment on column user_week_activity.second_degree_count is 'Users at distance exactly 2, at the earlier of the week''s Sunday and the as-of day.';
comment on column user_week_activity.second_degree_new_count is 'Those of them who were farther than 2 the day before the week''s Monday.';
comment on column user_week_activity.last_updated_at is 'When the row last changed.';
comment on column user_week_activity.week_start is 'The week''s Monday.';
comment on index user_week_activity_week is 'All users of a week.';
comment on index user_week_activity_user_week_start is 'The weeks of a user from a day on.';

create table user_streaks (
  user_id uuid primary key,
  current_streak_days integer not null check (current_streak_days >= 0),
  longest_streak_days integer not null check (longest_streak_days > 0),
  last_active_day date not null,
  streak_started_on date not null,
  last_tap_at timestamptz not null
) with (fillfactor = 85);
create index user_streaks_alive on user_streaks (last_active_day) where current_streak_days > 0;
comment on table user_streaks is 'A row per user with at least one tap.';
comment on column user_streaks.user_id is 'The user.';
comment on column user_streaks.current_streak_days is 'Length of the latest run of active days if it is alive, else 0.';
comment on column user_streaks.longest_streak_days is 'Length of the longest run.';
comment on column user_streaks.last_active_day is 'The latest day with a tap.';
comment on column user_streaks.streak_started_on is 'First day of the latest run.';
comment on column user_streaks.last_tap_at is 'The latest tap.';
comment on index user_streaks_alive is 'Streaks that the passing of time can break.';

create table edge_strength (
  u1 uuid not null,
  u2 uuid not null,
  taps_90d integer not null check (taps_90d > 0),
  last_tap_at timestamptz not null,
  strength_f32 real not null check (strength_f32 > 0),
  primary key (u1, u2),
  check (u1 < u2)
) with (fillfactor = 50);
create index edge_strength_u2_u1 on edge_strength (u2, u1);
comment on table edge_strength is 'A row per pair with a tap on the 90 days that end with the as-of day. Every strength decays every night: half of each page is free so that the new version stays on it and no index is touched.';
comment on column edge_strength.u1 is 'The smaller user id.';
comment on column edge_strength.u2 is 'The larger user id.';
comment on column edge_strength.taps_90d is 'Their taps on those days.';
comment on column edge_strength.last_tap_at is 'The latest of them.';
comment on column edge_strength.strength_f32 is '0.6 * ln(1 + taps_90d) + 0.4 * exp(-days / 21), days from the latest tap''s date to the as-of day.';
comment on index edge_strength_u2_u1 is 'The ties of a user, seen from the other end.';

create table weekly_leaderboard (
  user_id uuid not null,
  year smallint not null,
  iso_week smallint not null check (iso_week between 1 and 53),
  new_first_degree integer not null check (new_first_degree >= 0),
  delta_second_degree integer not null check (delta_second_degree >= 0),
  streak_days integer not null check (streak_days > 0),
  connectors_rank integer check (connectors_rank > 0),
  builders_rank integer check (builders_rank > 0),
  streak_rank integer check (streak_rank > 0),
  week_start date not null generated always as (
    make_date(year, 1, 4) - (extract(isodow from make_date(year, 1, 4))::integer - 1) + 7 * (iso_week - 1)
  ) stored,
  primary key (user_id, year, iso_week)
) with (fillfactor = 70);
create index weekly_leaderboard_user_week_start on weekly_leaderboard (user_id, week_start);
create index weekly_leaderboard_week on weekly_leaderboard (year, iso_week);
comment on table weekly_leaderboard is 'A row per row of user_week_activity: three boards of each ISO week. Shown in the order of the figure, descending, then user_id.';
comment on column weekly_leaderboard.user_id is 'The user.';
comment on column weekly_leaderboard.year is 'ISO year.';
comment on column weekly_leaderboard.iso_week is 'ISO week.';
comment on column weekly_leaderboard.new_first_degree is 'The week''s first_degree_new_count.';
comment on column weekly_leaderboard.delta_second_degree is 'The week''s second_degree_new_count.';
comment on column weekly_leaderboard.streak_days is 'The longest that a streak of the user had become on any active day of the week.';
comment on column weekly_leaderboard.connectors_rank is 'rank() by new_first_degree, descending; null where that is 0.';
comment on column weekly_leaderboard.builders_rank is 'rank() by delta_second_degree, descending; null where that is 0.';
comment on column weekly_leaderboard.streak_rank is 'rank() by streak_days, descending.';
comment on column weekly_leaderboard.week_start is 'The week''s Monday.';
comment on index weekly_leaderboard_user_week_start is 'The boards of a user from a day on.';
comment on index weekly_leaderboard_week is 'The boards of a week.';

-- Down Migration

drop table weekly_leaderboard;
drop table edge_strength;
drop table user_streaks;
drop table user_week_activity;
drop table user_day_activity;
drop table activity_run;
drop table second_degree;
drop view friend;
drop view connection;
drop table pair;
drop table pair_day;
drop table user_key;
drop function week_start(integer);
drop function week_number(date);
