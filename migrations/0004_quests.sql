-- Up Migration

create function geohash5(latitude double precision, longitude double precision) returns text
language plpgsql immutable strict parallel safe
as $$
declare
  alphabet constant text := '0123456789bcdefghjkmnpqrstuvwxyz';
  -- 13 bits of longitude and 12 of latitude: cells of 45/1024 degrees both ways. Divided first, so that nothing is lost
  -- next to the equator and the meridian; the outer edges belong to the last cells.
  x constant integer := least(8191, 4096 + floor(longitude / 0.0439453125)::integer);
  y constant integer := least(4095, 2048 + floor(latitude / 0.0439453125)::integer);
begin
  -- Parentheses: the bit operators of Postgres all have the same precedence.
  return substr(alphabet, 1 + ((x >> 12) & 1) * 16 + ((y >> 11) & 1) * 8 + ((x >> 11) & 1) * 4 + ((y >> 10) & 1) * 2 + ((x >> 10) & 1), 1)
    || substr(alphabet, 1 + ((y >> 9) & 1) * 16 + ((x >> 9) & 1) * 8 + ((y >> 8) & 1) * 4 + ((x >> 8) & 1) * 2 + ((y >> 7) & 1), 1)
    || substr(alphabet, 1 + ((x >> 7) & 1) * 16 + ((y >> 6) & 1) * 8 + ((x >> 6) & 1) * 4 + ((y >> 5) & 1) * 2 + ((x >> 5) & 1), 1)
    || substr(alphabet, 1 + ((y >> 4) & 1) * 16 + ((x >> 4) & 1) * 8 + ((y >> 3) & 1) * 4 + ((x >> 3) & 1) * 2 + ((y >> 2) & 1), 1)
    || substr(alphabet, 1 + ((x >> 2) & 1) * 16 + ((y >> 1) & 1) * 8 + ((x >> 1) & 1) * 4 + ((y >> 0) & 1) * 2 + ((x >> 0) & 1), 1);
end
$$;
comment on function geohash5(double precision, double precision) is 'The geohash of five characters (a cell of about 5 km) of a latitude and longitude in degrees; null if either is null.';

-- Facts.

create table pair_day_tap (
  u1_key integer not null,
  u2_key integer not null,
  day date not null,
  tapped_at timestamptz[] not null check (cardinality(tapped_at) > 0),
  primary key (u1_key, u2_key, day)
);
create index pair_day_tap_day on pair_day_tap (day);
comment on table pair_day_tap is 'The taps of a pair and day between the first and the last one, which pair_day has: only pairs with three taps or more on a day have a row. For the time of the tap with which a count reached a target.';
comment on column pair_day_tap.u1_key is 'As in pair_day.';
comment on column pair_day_tap.u2_key is 'As in pair_day.';
comment on column pair_day_tap.day is 'Local date of the taps.';
comment on column pair_day_tap.tapped_at is 'Their times, ascending, without the first and the last.';
comment on index pair_day_tap_day is 'All pairs of a day.';

create table user_cell_day (
  user_key integer not null,
  geohash5 text not null,
  day date not null,
  first_tap_at timestamptz not null,
  primary key (user_key, geohash5, day)
);
create index user_cell_day_day on user_cell_day (day);
comment on table user_cell_day is 'A row per user, geohash5 cell and processed day with a tap of theirs there.';
comment on column user_cell_day.user_key is 'The user.';
comment on column user_cell_day.geohash5 is 'The cell of the tap''s coordinates.';
comment on column user_cell_day.day is 'Local date of the taps.';
comment on column user_cell_day.first_tap_at is 'The first of them.';
comment on index user_cell_day_day is 'All cells of a day.';

create table user_cell (
  user_key integer not null,
  geohash5 text not null,
  first_day date not null,
  first_tap_at timestamptz not null,
  primary key (user_key, geohash5)
);
comment on table user_cell is 'A row per user and geohash5 cell in which they ever tapped.';
comment on column user_cell.user_key is 'The user.';
comment on column user_cell.geohash5 is 'The cell.';
comment on column user_cell.first_day is 'The local date of the user''s first tap there.';
comment on column user_cell.first_tap_at is 'That tap.';

-- Definitions, which belong to the operators.

create table quest_definitions (
  quest_id uuid primary key default gen_random_uuid(),
  slug text not null,
  title text not null,
  description text not null default '',
  quest_type text not null,
  requirements jsonb not null,
  rewards jsonb not null default '{}',
  is_active boolean not null default true,
  active_from date,
  active_until date,
  constraint quest_slug_is_unique unique (slug),
  constraint quest_slug_is_lower_case_words_with_hyphens check (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
  constraint quest_title_is_not_blank check (title ~ '\S'),
  constraint quest_type_is_reconnect_explore_or_community check (quest_type in ('reconnect', 'explore', 'community')),
  constraint quest_requirements_have_metric_target_window_only check (
    case
      when jsonb_typeof(requirements) = 'object'
        then requirements ?& array['metric', 'target', 'window']
          and requirements - array['metric', 'target', 'window'] = '{}'
      else false
    end
  ),
  -- A check that comes to null is passed, so each one says what a missing key means.
  constraint quest_metric_is_known check (
    coalesce(
      requirements ->> 'metric' in (
        'taps', 'active_days', 'streak_days', 'new_people', 'reconnections', 'new_areas', 'assists'
      ),
      false
    )
  ),
  constraint quest_target_is_a_positive_whole_number check (
    case
      when jsonb_typeof(requirements -> 'target') = 'number'
        then (requirements ->> 'target')::numeric between 1 and 1000000000
          and trunc((requirements ->> 'target')::numeric) = (requirements ->> 'target')::numeric
      else false
    end
  ),
  constraint quest_window_is_week_weekend_or_day check (
    coalesce(requirements ->> 'window' in ('week', 'weekend', 'day'), false)
  ),
  constraint quest_rewards_are_an_object check (jsonb_typeof(rewards) = 'object'),
  constraint quest_active_from_is_not_after_active_until check (active_from <= active_until)
);
comment on table quest_definitions is 'The quests. Operators add one with INSERT and retire one with active_until; the next run derives what follows.';
comment on column quest_definitions.quest_id is 'Id of the quest; its value means nothing.';
comment on column quest_definitions.slug is 'Its name in programs: lower-case words with hyphens.';
comment on column quest_definitions.title is 'Its name for people.';
comment on column quest_definitions.description is 'What to do, for people.';
comment on column quest_definitions.quest_type is 'reconnect, explore or community: how the application groups it.';
comment on column quest_definitions.requirements is '{"metric": ..., "target": n, "window": "week" | "weekend" | "day"}. Metrics: taps, active_days, streak_days, new_people, reconnections, new_areas, assists.';
comment on column quest_definitions.rewards is 'What the application gives for it; arc-gam does not read it.';
comment on column quest_definitions.is_active is 'False takes the quest away with all its progress. To keep the past, set active_until.';
comment on column quest_definitions.active_from is 'The quest runs in weeks whose Monday is on this day or after it; null: no bound.';
comment on column quest_definitions.active_until is 'The quest runs in weeks whose Monday is on this day or before it; null: no bound.';
comment on constraint quest_metric_is_known on quest_definitions is 'metric is one of taps, active_days, streak_days, new_people, reconnections, new_areas, assists.';
comment on constraint quest_target_is_a_positive_whole_number on quest_definitions is 'target is a JSON number without a fraction, from 1 to 1,000,000,000.';
comment on constraint quest_window_is_week_weekend_or_day on quest_definitions is 'window is week, weekend or day.';
comment on constraint quest_requirements_have_metric_target_window_only on quest_definitions is 'requirements is a JSON object with exactly these three keys, so that a misspelt one is noticed.';

create view quest_rule as
select
  quest_definitions.quest_id,
  quest_definitions.slug,
  quest_definitions.requirements ->> 'metric' as metric,
  trunc((quest_definitions.requirements ->> 'target')::numeric)::integer as target,
  quest_definitions.requirements ->> 'window' as quest_window,
  quest_definitions.is_active,
  coalesce(quest_definitions.active_from, date '-infinity') as active_from,
  coalesce(quest_definitions.active_until, date 'infinity') as active_until,
  md5(
    jsonb_build_array(
      quest_definitions.requirements,
      quest_definitions.is_active,
      quest_definitions.active_from,
      quest_definitions.active_until
    )::text
  ) as digest
from quest_definitions;
comment on view quest_rule is 'quest_definitions as the steps read them: typed, and with a digest of all that progress depends on.';
comment on column quest_rule.quest_id is 'The quest.';
comment on column quest_rule.slug is 'Its slug.';
comment on column quest_rule.metric is 'What is counted.';
comment on column quest_rule.target is 'The count that completes it.';
comment on column quest_rule.quest_window is 'week, weekend or day.';
comment on column quest_rule.is_active is 'As defined.';
comment on column quest_rule.active_from is 'First Monday, -infinity for no bound.';
comment on column quest_rule.active_until is 'Last Monday, infinity for no bound.';
comment on column quest_rule.digest is 'MD5 of requirements, is_active and bounds: another one makes the quest''s rows stale.';

create table quest_derived (
  quest_id uuid primary key references quest_definitions on delete cascade,
  digest text not null
);
comment on table quest_derived is 'With which definition the progress of a quest was derived. A quest whose rule has another digest is derived again for all weeks.';
comment on column quest_derived.quest_id is 'The quest.';
comment on column quest_derived.digest is 'quest_rule.digest at that time.';

create table user_quest_progress (
  user_id uuid not null,
  quest_id uuid not null references quest_definitions on delete cascade,
  week_start date not null check (extract(isodow from week_start) = 1),
  progress jsonb not null,
  completed_at timestamptz,
  primary key (user_id, quest_id, week_start)
) with (fillfactor = 85);
create index user_quest_progress_quest_week on user_quest_progress (quest_id, week_start);
create index user_quest_progress_week on user_quest_progress (week_start);
comment on table user_quest_progress is 'A row per user, ISO week and quest that is active in the week, with a count above 0.';
comment on column user_quest_progress.user_id is 'The user.';
comment on column user_quest_progress.quest_id is 'The quest.';
comment on column user_quest_progress.week_start is 'The Monday of the ISO week.';
comment on column user_quest_progress.progress is '{"count", "target", "pct"}: count is not clamped, pct is the whole per cent, at most 100.';
comment on column user_quest_progress.completed_at is 'The time of the tap with which the count reached the target; null before.';
comment on index user_quest_progress_quest_week is 'Who did a quest in a week.';
comment on index user_quest_progress_week is 'All progress of a week.';

create index pair_first_day on pair (first_day);
comment on index pair_first_day is 'The connections made on a day.';

insert into quest_definitions (quest_id, slug, title, description, quest_type, requirements) values
  ('a9c60001-0000-4000-8000-000000000001', 'daily-connector', 'Daily Connector', 'Meet three new people on one day.', 'community', '{"metric": "new_people", "target": 3, "window": "day"}'),
  ('a9c60001-0000-4000-8000-000000000002', 'weekend-explorer', 'Weekend Explorer', 'Meet five new people on a weekend.', 'explore', '{"metric": "new_people", "target": 5, "window": "weekend"}'),
  ('a9c60001-0000-4000-8000-000000000003', 'reconnection-master', 'Reconnection Master', 'Tap three people again whom you have not tapped for 30 days.', 'reconnect', '{"metric": "reconnections", "target": 3, "window": "week"}'),
  ('a9c60001-0000-4000-8000-000000000004', 'community-builder', 'Community Builder', 'Ten pairs of people you know meet for the first time.', 'community', '{"metric": "assists", "target": 10, "window": "week"}'),
  ('a9c60001-0000-4000-8000-000000000005', 'network-builder', 'Network Builder', 'Meet five new people in a week.', 'community', '{"metric": "new_people", "target": 5, "window": "week"}'),
  ('a9c60001-0000-4000-8000-000000000006', 'consistency', 'Consistency', 'Tap 25 times in a week.', 'community', '{"metric": "taps", "target": 25, "window": "week"}'),
  ('a9c60001-0000-4000-8000-000000000007', 'keep-it-going', 'Keep it going', 'Be active three days in a row.', 'community', '{"metric": "streak_days", "target": 3, "window": "week"}'),
  ('a9c60001-0000-4000-8000-000000000008', 'new-ground', 'New Ground', 'Tap in two areas where you have never tapped.', 'explore', '{"metric": "new_areas", "target": 2, "window": "week"}');

-- Down Migration

drop index pair_first_day;
drop table user_quest_progress;
drop table quest_derived;
drop view quest_rule;
drop table quest_definitions;
drop table user_cell;
drop table user_cell_day;
drop table pair_day_tap;
drop function geohash5(double precision, double precision);
