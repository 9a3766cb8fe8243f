-- What a batch was given and what its steps found changed. Gone with the batch's transaction. The tables that can have
-- millions of rows have no keys: their writers take care of it, and a key costs more than all else that is done with them.

create temp table batch_range (
  starts_at timestamptz not null,
  ends_at timestamptz not null
) on commit drop;

create temp table batch_day (
  day date primary key,
  forced boolean not null
) on commit drop;

create temp table batch_user (
  user_id uuid primary key
) on commit drop;

create temp table batch_tap (
  day date not null,
  ignored_because text,
  u1 uuid,
  u2 uuid,
  unknown_sides integer,
  tap_count integer not null,
  first_tap_at timestamptz not null,
  last_tap_at timestamptz not null,
  tap_digest numeric not null
) on commit drop;

create temp table pair_day_tap_scope (
  u1 uuid not null,
  u2 uuid not null,
  u1_key integer not null,
  u2_key integer not null,
  day date not null
) on commit drop;

create temp table changed_pair_day (
  u1_key integer not null,
  u2_key integer not null,
  day date not null
) on commit drop;

create temp table changed_pair (
  u1_key integer not null,
  u2_key integer not null,
  old_first_day date,
  new_first_day date
) on commit drop;

create temp table user_day_scope (
  day date primary key
) on commit drop;

create temp table changed_user_day (
  user_id uuid not null,
  day date not null,
  was_active boolean not null,
  is_active boolean not null
) on commit drop;

create temp table changed_run (
  user_id uuid not null,
  from_day date not null,
  to_day date not null
) on commit drop;

create temp table changed_friend (
  user_key integer not null,
  friend_key integer not null,
  old_week integer,
  new_week integer
) on commit drop;

create temp table second_degree_added (
  user_key integer not null,
  friend_key integer not null,
  primary key (user_key, friend_key)
) on commit drop;

create temp table second_degree_focus (
  user_key integer primary key,
  from_week integer not null
) on commit drop;

create temp table second_degree_list (
  user_key integer primary key,
  friend_keys integer[] not null,
  weeks integer[] not null,
  old_weeks integer[] not null
) on commit drop;

create temp table second_degree_event (
  user_key integer not null,
  week integer not null,
  entered_count integer not null,
  left_count integer not null
) on commit drop;

create temp table changed_user_week (
  user_id uuid not null,
  week integer not null
) on commit drop;

create temp table board_week (
  week integer primary key
) on commit drop;

create temp table board_figure (
  user_id uuid not null,
  week integer not null,
  new_first_degree integer,
  delta_second_degree integer,
  streak_days integer
) on commit drop;

create temp table batch_cell (
  day date not null,
  geohash5 text not null,
  starts_at timestamptz not null,
  u1 uuid not null,
  u2 uuid not null,
  tap_count integer not null,
  first_tap_at timestamptz not null
) on commit drop;

create temp table changed_pair_tap (
  u1_key integer not null,
  u2_key integer not null,
  day date not null
) on commit drop;

create temp table changed_user_cell_day (
  user_key integer not null,
  geohash5 text not null
) on commit drop;

create temp table changed_user_cell (
  user_key integer not null,
  old_first_day date,
  new_first_day date
) on commit drop;

create temp table changed_home (
  user_id uuid primary key,
  original_text text,
  parser_version text not null,
  is_stored boolean not null
) on commit drop;

create temp table changed_quest (
  quest_id uuid primary key,
  metric text not null
) on commit drop;

create temp table quest_scope (
  metric text not null,
  user_key integer not null,
  week integer not null
) on commit drop;

create temp table quest_pair_day (
  user_key integer not null,
  u1_key integer not null,
  u2_key integer not null,
  day date not null,
  tap_count integer not null,
  first_tap_at timestamptz not null,
  last_tap_at timestamptz not null
) on commit drop;

create temp table quest_meeting (
  u1_key integer not null,
  u2_key integer not null,
  first_day date not null,
  first_tap_at timestamptz not null,
  week integer not null
) on commit drop;

create temp table quest_event (
  metric text not null,
  user_key integer not null,
  day date not null,
  tapped_at timestamptz not null,
  amount integer not null
) on commit drop;

create temp table quest_total (
  quest_id uuid not null,
  user_key integer not null,
  week integer not null,
  from_day date not null,
  reached bigint not null,
  is_completed boolean not null
) on commit drop;

create temp table changed_area_hour (
  geohash5 text not null,
  week integer not null,
  primary key (geohash5, week)
) on commit drop;

create temp table surge_scope (
  geohash5 text not null,
  week integer not null,
  first_week integer not null,
  primary key (geohash5, week)
) on commit drop;

create temp table surge_slot (
  geohash5 text not null,
  week integer not null,
  slot integer not null,
  baseline_taps numeric not null,
  dispersion numeric not null,
  expected_taps numeric not null
) on commit drop;

create temp table changed_surge_area (
  geohash5 text not null
) on commit drop;

create temp table renamed_surge_area (
  geohash5 text not null
) on commit drop;
