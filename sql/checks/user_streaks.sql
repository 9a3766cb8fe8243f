-- Streaks of the verified users. $1 is the earliest last day of a streak that is alive, $2 what it was when the last run
-- ended: a streak that day L has broken by ending may be stored either way until the next run.
--! table: user_streaks
--! says: streaks, by walking the days
--! params: alive_from_day, alive_from_day_then
with latest as (
  select distinct on (active_day.user_id)
    active_day.user_id,
    active_day.day as last_active_day,
    active_day.run_started_on as streak_started_on,
    active_day.last_tap_at
  from active_day
  order by active_day.user_id, active_day.day desc
), longest as (
  select active_day.user_id, max(active_day.day - active_day.run_started_on) + 1 as longest_streak_days
  from active_day
  group by active_day.user_id
), expected as (
  select
    latest.user_id,
    case
      when latest.last_active_day >= $1::date then latest.last_active_day - latest.streak_started_on + 1
      else 0
    end as current_streak_days,
    case
      when latest.last_active_day >= $2::date then latest.last_active_day - latest.streak_started_on + 1
      else 0
    end as current_streak_days_then,
    longest.longest_streak_days,
    latest.last_active_day,
    latest.streak_started_on,
    latest.last_tap_at
  from latest
  join longest on longest.user_id = latest.user_id
), stored as (
  select
    user_streaks.user_id,
    user_streaks.current_streak_days,
    user_streaks.longest_streak_days,
    user_streaks.last_active_day,
    user_streaks.streak_started_on,
    user_streaks.last_tap_at
  from verify_user
  join user_streaks on user_streaks.user_id = verify_user.user_id
), compared as (
  select
    user_id,
    expected.last_active_day is not null as is_expected,
    stored.last_active_day is not null as is_stored,
    case
      when stored.current_streak_days = expected.current_streak_days_then then expected.current_streak_days_then
      else expected.current_streak_days
    end as expected_current,
    stored.current_streak_days as stored_current,
    expected.longest_streak_days as expected_longest,
    stored.longest_streak_days as stored_longest,
    expected.last_active_day as expected_last_active_day,
    stored.last_active_day as stored_last_active_day,
    expected.streak_started_on as expected_started_on,
    stored.streak_started_on as stored_started_on,
    expected.last_tap_at as expected_last_tap_at,
    stored.last_tap_at as stored_last_tap_at
  from expected
  full join stored using (user_id)
)
select
  format('user_id %s', compared.user_id) as key,
  compared.user_id,
  null::uuid as other_id,
  null::date as day,
  difference.column_name,
  difference.stored,
  difference.expected,
  null::date as mark_day,
  compared.user_id as mark_user
from compared
cross join lateral (
  values
    (
      'row',
      case when compared.is_stored then 'there' else 'missing' end,
      case when compared.is_expected then 'there' else 'no row' end
    ),
    ('current_streak_days', compared.stored_current::text, compared.expected_current::text),
    ('longest_streak_days', compared.stored_longest::text, compared.expected_longest::text),
    ('last_active_day', compared.stored_last_active_day::text, compared.expected_last_active_day::text),
    ('streak_started_on', compared.stored_started_on::text, compared.expected_started_on::text),
    ('last_tap_at', compared.stored_last_tap_at::text, compared.expected_last_tap_at::text)
) as difference (column_name, stored, expected)
where difference.column_name = 'row' and compared.is_stored <> compared.is_expected
  or difference.column_name <> 'row'
  and compared.is_stored
  and compared.is_expected
  and difference.stored is distinct from difference.expected
