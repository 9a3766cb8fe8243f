-- What must hold between the columns of a streak, whatever the taps are. $1 zone, $2 as-of day, $3 and $4 the earliest
-- last day of a streak that is alive now and was when the last run ended.
--! table: user_streaks
--! says: the columns of a streak agree with each other
--! params: zone, as_of_day, alive_from_day, alive_from_day_then
select
  format('user_id %s', user_streaks.user_id) as key,
  user_streaks.user_id,
  null::uuid as other_id,
  null::date as day,
  rule.column_name,
  rule.stored,
  rule.expected,
  null::date as mark_day,
  user_streaks.user_id as mark_user
from user_streaks
cross join lateral (
  values
    (
      user_streaks.last_active_day <= $2::date,
      'last_active_day',
      user_streaks.last_active_day::text,
      format('at most %s, the as-of day', $2::date)
    ),
    (
      user_streaks.streak_started_on <= user_streaks.last_active_day,
      'streak_started_on',
      user_streaks.streak_started_on::text,
      format('at most %s, its last active day', user_streaks.last_active_day)
    ),
    (
      (user_streaks.last_tap_at at time zone $1::text)::date = user_streaks.last_active_day,
      'last_tap_at',
      user_streaks.last_tap_at::text,
      format('a time on %s', user_streaks.last_active_day)
    ),
    (
      user_streaks.longest_streak_days >= user_streaks.last_active_day - user_streaks.streak_started_on + 1,
      'longest_streak_days',
      user_streaks.longest_streak_days::text,
      format('at least %s, the latest run', user_streaks.last_active_day - user_streaks.streak_started_on + 1)
    ),
    (
      user_streaks.current_streak_days in (
        case
          when user_streaks.last_active_day >= $3::date
            then user_streaks.last_active_day - user_streaks.streak_started_on + 1
          else 0
        end,
        case
          when user_streaks.last_active_day >= $4::date
            then user_streaks.last_active_day - user_streaks.streak_started_on + 1
          else 0
        end
      ),
      'current_streak_days',
      user_streaks.current_streak_days::text,
      case
        when user_streaks.last_active_day >= $3::date
          then (user_streaks.last_active_day - user_streaks.streak_started_on + 1)::text
        else '0'
      end
    )
) as rule (holds, column_name, stored, expected)
where not rule.holds
