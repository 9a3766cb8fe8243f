-- Scratch tables: what a batch was given, what its steps prepare and what they found changed. Made in the batch's
-- transaction when they are first needed and gone with it: temporary ones, or, where several cores are to read them,
-- unlogged ones that nobody else ever sees. Tables that can have millions of rows have no primary key: the steps that
-- write them never repeat a row, and building a key would cost more than everything else that is done with them.

create table batch_range (
  starts_at timestamptz not null,
  ends_at timestamptz not null
);

create table batch_day (
  day date primary key,
  forced boolean not null,
  is_frozen boolean not null default false
);

create table frozen_digest_before (
  day date primary key,
  pair_day_digest numeric not null,
  pair_day_tap_digest numeric not null,
  frozen_cell_digest numeric not null
);

create table batch_user (
  user_id uuid primary key
);

-- Only where the taps are spread over a cluster: see sql/citus/reading.sql.
create table source_reading (
  tap_time timestamptz,
  tapped_at timestamptz,
  ignored_because text,
  u1 uuid,
  u2 uuid,
  latitude double precision,
  longitude double precision,
  tap_hash bigint,
  unknown_sides integer
);

create table batch_tap (
  day date not null,
  ignored_because text,
  u1 uuid,
  u2 uuid,
  unknown_sides integer,
  tap_count integer not null,
  first_tap_at timestamptz not null,
  last_tap_at timestamptz not null,
  tap_digest numeric not null
);

create table pair_day_tap_scope (
  u1 uuid not null,
  u2 uuid not null,
  u1_key integer not null,
  u2_key integer not null,
  day date not null
);

create table changed_pair_day (
  u1_key integer not null,
  u2_key integer not null,
  day date not null,
  tap_count integer,
  first_tap_at timestamptz,
  last_tap_at timestamptz
);

create table changed_pair (
  u1_key integer not null,
  u2_key integer not null,
  old_first_day date,
  new_first_day date
);

create table user_day_scope (
  day date not null,
  user_key integer,
  user_id uuid
);

create table changed_user_day (
  user_id uuid not null,
  day date not null,
  was_active boolean not null,
  is_active boolean not null
);

create table changed_run (
  user_id uuid not null,
  from_day date not null,
  to_day date not null
);

create table changed_friend (
  user_key integer not null,
  friend_key integer not null,
  old_week integer,
  new_week integer
);

create table second_degree_added (
  user_key integer not null,
  friend_key integer not null,
  primary key (user_key, friend_key)
);

create table second_degree_focus (
  user_key integer primary key,
  from_week integer not null
);

create table second_degree_needed (
  user_key integer not null
);

create table second_degree_asked (
  user_key integer not null
);

create table second_degree_walked (
  user_key integer primary key,
  friend_keys integer[] not null,
  weeks integer[] not null,
  old_weeks integer[] not null,
  old_friend_keys integer[] not null
);

create table second_degree_list (
  user_key integer primary key,
  friend_keys integer[] not null,
  weeks integer[] not null,
  old_weeks integer[],
  old_friend_keys integer[]
);

create table second_degree_event (
  user_key integer not null,
  week integer not null,
  entered_count integer not null,
  left_count integer not null
);

create table changed_user_week (
  user_id uuid not null,
  week integer not null
);

create table board_week (
  week integer not null
);

create table board_figure (
  user_id uuid not null,
  week integer not null,
  new_first_degree integer,
  delta_second_degree integer,
  streak_days integer
);

create table batch_cell (
  day date not null,
  geohash5 text not null,
  starts_at timestamptz not null,
  slot smallint not null,
  u1 uuid not null,
  u2 uuid not null,
  tap_count integer not null,
  first_tap_at timestamptz not null
);

create table changed_pair_tap (
  u1_key integer not null,
  u2_key integer not null,
  day date not null
);

create table changed_user_cell_day (
  user_key integer not null,
  geohash5 text not null
);

create table changed_user_cell (
  user_key integer not null,
  old_first_day date,
  new_first_day date
);

create table changed_home (
  user_id uuid not null,
  original_text text,
  parser_version text not null
);

create table changed_quest (
  quest_id uuid primary key,
  metric text not null
);

create table quest_scope (
  user_key integer not null,
  week integer not null,
  metrics text[]
);

create table quest_week (
  quest_id uuid not null,
  week integer not null,
  metric text not null,
  quest_window text not null,
  target integer not null
);

create table assist_part (
  week integer not null,
  moved_count integer not null,
  made_count integer not null
);

create table assist_since (
  week integer not null,
  is_most boolean not null
);

create table assist_adjacent (
  user_key integer primary key,
  friend_keys integer[] not null,
  first_days date[] not null
);

create table assist_touched (
  user_key integer not null,
  week integer not null
);

create table made_week (
  week integer not null
);

create table assist_user (
  user_key integer primary key
);

create table assist_week (
  week integer not null
);

create table assist_near (
  user_key integer not null
);

create table quest_meeting (
  u1_key integer not null,
  u2_key integer not null,
  first_day date not null,
  first_tap_at timestamptz not null,
  week integer not null
);

create table quest_friend_list (
  user_key integer primary key,
  friend_keys integer[] not null,
  first_days date[] not null,
  friend_count integer not null
);

create table quest_walk (
  user_key integer primary key,
  met_keys integer[] not null,
  first_days date[] not null,
  first_tap_at timestamptz[] not null
);

create table quest_common (
  user_key integer not null,
  friend_key integer not null,
  first_day date not null,
  first_tap_at timestamptz not null
);

create table quest_assist (
  user_key integer not null,
  day date not null,
  tapped_at timestamptz not null
);

create table quest_event (
  metric text not null,
  user_key integer not null,
  week integer not null,
  day date not null,
  tapped_at timestamptz not null
);

create table quest_figure (
  metric text not null,
  user_key integer not null,
  week integer not null,
  in_week integer not null,
  on_weekend integer not null,
  on_best_day integer not null
);

create table quest_total (
  quest_id uuid not null,
  user_key integer not null,
  week integer not null,
  reached integer not null,
  target integer not null,
  is_completed boolean not null
);

create table quest_done (
  quest_id uuid not null,
  user_key integer not null,
  week integer not null,
  metric text not null,
  target integer not null,
  is_by_day boolean not null,
  from_day date not null,
  reached_day date,
  beside_day date
);

create table quest_done_day (
  user_key integer not null,
  week integer not null,
  day date not null,
  is_every_tap boolean not null
);

create table quest_pair_day (
  user_key integer not null,
  u1_key integer not null,
  u2_key integer not null,
  day date not null,
  tap_count integer not null,
  first_tap_at timestamptz not null,
  last_tap_at timestamptz not null,
  is_every_tap boolean not null
);

create table quest_done_event (
  metric text not null,
  user_key integer not null,
  week integer not null,
  day date not null,
  tapped_at timestamptz not null
);

create table changed_area_hour (
  geohash5 text not null,
  week integer not null
);

create table surge_scope (
  geohash5 text not null,
  week integer not null,
  first_week integer not null,
  primary key (geohash5, week)
);

create table surge_slot (
  geohash5 text not null,
  week integer not null,
  slot integer not null,
  baseline_taps numeric not null,
  dispersion numeric not null,
  expected_taps numeric not null
);

create table changed_surge_area (
  geohash5 text not null
);

create table renamed_surge_area (
  geohash5 text not null
);

create table run_scope (
  user_key integer not null,
  user_id uuid not null,
  from_day date not null,
  to_day date not null,
  flipped_day date not null,
  flipped_count integer not null
);

create table streak_scope (
  user_id uuid not null,
  user_key integer
);

create table second_degree_suspect (
  user_key integer not null,
  from_week integer
);

create table week_scope (
  user_id uuid not null,
  user_key integer,
  week integer not null,
  is_day_changed boolean not null
);

create table surge_area_scope (
  geohash5 text not null
);

create table quest_completed (
  quest_id uuid not null,
  user_key integer not null,
  week integer not null,
  completed_at timestamptz not null
);

create table surge_model (
  model_no integer not null,
  geohash5 text not null,
  week integer not null,
  n integer not null
);

create table surge_week_slot (
  model_no integer not null,
  weeks_before integer not null,
  slot smallint not null,
  taps bigint not null
);

create table surge_capped (
  model_no integer not null,
  slot smallint not null,
  taps numeric not null,
  square numeric not null
);
