-- Temporary tables for what a verification looks at and what its checks expect. All of it is recomputed without the
-- steps' SQL; what a valid tap is, both ask the view classified_tap. A rule that several statements need is a view or
-- function in the folder rules. Tables and rules are dropped with the verification's transaction.

-- Somebody's table of such a name in our schema, such as person, is not meant by it.
select set_config('search_path', 'pg_temp, ' || current_setting('search_path'), true);

create temp table verify_clock (
  zone text not null,
  as_of_day date,
  alive_from_day date,
  alive_from_day_then date,
  is_full boolean not null
) on commit drop;

create temp table verify_calendar (
  day date primary key,
  days_after_monday integer not null,
  week_start date not null,
  year smallint not null,
  iso_week smallint not null
) on commit drop;

create temp table verify_day (
  day date primary key,
  is_stale boolean not null default false,
  -- What is stored of its pairs and places stands in for its taps.
  is_frozen boolean not null default false
) on commit drop;

create temp table verify_stretch (
  zone text not null,
  starts_at timestamptz not null,
  ends_at timestamptz not null
) on commit drop;

create temp table verify_user (
  user_id uuid primary key
) on commit drop;

-- Where they are many, the users in the parts that are in verify_user one after the other.
create temp table verify_user_part (
  user_id uuid primary key,
  part integer not null
) on commit drop;

create temp table verify_week (
  week_start date primary key,
  year smallint not null,
  iso_week smallint not null
) on commit drop;

-- How much of a table is looked through for rows that belong to nobody.
create temp table verify_share (
  table_name text primary key,
  percent double precision not null,
  seed double precision not null
) on commit drop;

-- The users whose taps are read from the source, if not everybody's are.
create temp table verify_tapper (
  user_id uuid primary key
) on commit drop;

-- Only where the taps are spread over a cluster: see sql/citus/reading.sql.
create temp table source_reading (
  tap_time timestamptz,
  tapped_at timestamptz,
  ignored_because text,
  u1 uuid,
  u2 uuid,
  latitude double precision,
  longitude double precision,
  tap_hash bigint,
  unknown_sides integer
) on commit drop;

create temp table source_pair_day (
  day date not null,
  ignored_because text,
  u1 uuid,
  u2 uuid,
  unknown_sides integer,
  tap_count integer not null,
  first_tap_at timestamptz not null,
  last_tap_at timestamptz not null,
  tapped_at timestamptz[],
  tap_digest numeric not null
) on commit drop;

create temp table source_cell (
  day date not null,
  geohash5 text not null,
  starts_at timestamptz not null,
  hour smallint not null,
  u1 uuid not null,
  u2 uuid not null,
  tap_count integer not null,
  first_tap_at timestamptz not null
) on commit drop;

create temp table fact (
  u1 uuid not null,
  u2 uuid not null,
  day date not null,
  tap_count integer not null,
  first_tap_at timestamptz not null,
  last_tap_at timestamptz not null,
  tapped_at timestamptz[]
) on commit drop;

create temp table expected_pair (
  u1 uuid not null,
  u2 uuid not null,
  first_tap_at timestamptz not null,
  first_day date not null,
  last_tap_at timestamptz not null,
  last_day date not null,
  tap_count integer not null
) on commit drop;

create temp table person (
  user_id uuid primary key,
  person_key integer not null unique
) on commit drop;

create temp table tie (
  person_key integer not null,
  friend_key integer not null,
  first_week integer not null,
  first_day date not null,
  first_tap_at timestamptz not null,
  primary key (person_key, friend_key) include (first_week)
) on commit drop;

create temp table tie_list (
  person_key integer primary key,
  friend_keys integer[] not null,
  first_weeks integer[] not null
) on commit drop;

create temp table active_day (
  user_id uuid not null,
  day date not null,
  tap_count integer not null,
  first_degree_new_count integer not null,
  first_tap_at timestamptz not null,
  last_tap_at timestamptz not null,
  -- Since when this day and the one before both have a tap: a clock that is set back may bring the earlier date last.
  both_tapped_at timestamptz not null,
  run_started_on date not null,
  ends_run boolean not null
) on commit drop;

create temp table second_degree_change (
  user_id uuid not null,
  week_start date not null,
  entered_count integer not null,
  left_count integer not null
) on commit drop;

create temp table expected_week (
  user_id uuid not null,
  week_start date not null,
  year smallint not null,
  iso_week smallint not null,
  tap_count integer not null,
  first_degree_new_count integer not null,
  second_degree_count integer not null,
  second_degree_new_count integer not null,
  streak_days integer not null
) on commit drop;

create temp table visited_cell (
  user_id uuid not null,
  geohash5 text not null,
  first_day date not null,
  first_tap_at timestamptz not null
) on commit drop;

create temp table verify_quest (
  quest_id uuid primary key,
  slug text not null,
  title text not null,
  metric text not null,
  target integer not null,
  span text not null,
  is_active boolean not null,
  active_from date,
  active_until date
) on commit drop;

create temp table quest_day (
  quest_id uuid not null,
  metric text not null,
  target integer not null,
  day date not null,
  week_start date not null,
  window_start date not null
) on commit drop;

create temp table quest_deed (
  metric text not null,
  user_id uuid not null,
  day date not null,
  tapped_at timestamptz not null
) on commit drop;

create temp table expected_quest (
  user_id uuid not null,
  quest_id uuid not null,
  week_start date not null,
  reached bigint not null,
  target integer not null,
  completed_at timestamptz
) on commit drop;

create temp table area_count (
  geohash5 text not null,
  day date not null,
  starts_at timestamptz not null,
  week_start date not null,
  slot smallint not null,
  tap_count integer not null,
  user_count integer not null
) on commit drop;

create index on area_count (geohash5, week_start);

create temp table expected_surge_hour (
  geohash5 text not null,
  day date not null,
  starts_at timestamptz not null,
  tap_count integer not null,
  slot smallint not null,
  expected_taps double precision not null,
  is_flagged boolean not null
) on commit drop;

create temp table expected_surge_window (
  geohash5 text not null,
  start_time timestamptz not null,
  end_time timestamptz not null,
  tap_count integer not null,
  expected_taps double precision not null,
  unique_users integer not null
) on commit drop;

create temp table expected_area (
  geohash5 text primary key,
  area_name text not null,
  is_of_now boolean not null
) on commit drop;

-- The users whose homes are looked at.
create temp table verify_home (
  user_id uuid primary key
) on commit drop;

-- What the steps of the homes read, and what they make of it. See home_reading in sql/checks/homes.
create temp table batch_user (
  user_id uuid primary key
) on commit drop;

create temp table changed_home (
  user_id uuid not null,
  original_text text,
  parser_version text not null
) on commit drop;

create temp table home_reading (
  user_id uuid not null,
  original_text text not null,
  city text,
  state text,
  country text,
  geohash5 text,
  confidence real not null,
  method text not null,
  parser_version text not null
) on commit drop;

create temp table finding (
  check_name text not null,
  table_name text not null,
  key text not null,
  user_id uuid,
  other_id uuid,
  day date,
  column_name text not null,
  stored text,
  expected text,
  mark_day date,
  mark_user uuid
) on commit drop;
