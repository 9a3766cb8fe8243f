-- Figures of the verified users on the boards.
--! table: weekly_leaderboard
--! says: figures on the boards, recomputed
with stored as (
  select
    weekly_leaderboard.user_id,
    weekly_leaderboard.year,
    weekly_leaderboard.iso_week,
    weekly_leaderboard.week_start,
    weekly_leaderboard.new_first_degree,
    weekly_leaderboard.delta_second_degree,
    weekly_leaderboard.streak_days
  from verify_user
  join weekly_leaderboard on weekly_leaderboard.user_id = verify_user.user_id
), compared as (
  select
    user_id,
    year,
    iso_week,
    coalesce(expected_week.week_start, stored.week_start) as week_start,
    expected_week.tap_count is not null as is_expected,
    stored.streak_days is not null as is_stored,
    expected_week.first_degree_new_count as expected_new_first_degree,
    stored.new_first_degree as stored_new_first_degree,
    expected_week.second_degree_new_count as expected_delta_second_degree,
    stored.delta_second_degree as stored_delta_second_degree,
    expected_week.streak_days as expected_streak_days,
    stored.streak_days as stored_streak_days
  from expected_week
  full join stored using (user_id, year, iso_week)
  where (
      expected_week.first_degree_new_count,
      expected_week.second_degree_new_count,
      expected_week.streak_days
    ) is distinct from (
      stored.new_first_degree,
      stored.delta_second_degree,
      stored.streak_days
    )
)
select
  format('user_id %s, year %s, iso_week %s', compared.user_id, compared.year, compared.iso_week) as key,
  compared.user_id,
  null::uuid as other_id,
  compared.week_start as day,
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
    ('new_first_degree', compared.stored_new_first_degree::text, compared.expected_new_first_degree::text),
    ('delta_second_degree', compared.stored_delta_second_degree::text, compared.expected_delta_second_degree::text),
    ('streak_days', compared.stored_streak_days::text, compared.expected_streak_days::text)
) as difference (column_name, stored, expected)
where difference.stored is distinct from difference.expected
  and (difference.column_name = 'row' or (compared.is_stored and compared.is_expected))
