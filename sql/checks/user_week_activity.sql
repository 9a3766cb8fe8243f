-- Weeks of the verified users; the second degree by joining the graph with itself.
--! table: user_week_activity
--! says: weeks and second degree, recomputed
with stored as (
  select
    user_week_activity.user_id,
    user_week_activity.year,
    user_week_activity.iso_week,
    user_week_activity.week_start,
    user_week_activity.tap_count,
    user_week_activity.first_degree_new_count,
    user_week_activity.second_degree_count,
    user_week_activity.second_degree_new_count
  from verify_user
  join user_week_activity on user_week_activity.user_id = verify_user.user_id
), compared as (
  select
    user_id,
    year,
    iso_week,
    coalesce(expected_week.week_start, stored.week_start) as week_start,
    expected_week.tap_count is not null as is_expected,
    stored.tap_count is not null as is_stored,
    expected_week.tap_count as expected_tap_count,
    stored.tap_count as stored_tap_count,
    expected_week.first_degree_new_count as expected_new_count,
    stored.first_degree_new_count as stored_new_count,
    expected_week.second_degree_count as expected_second_count,
    stored.second_degree_count as stored_second_count,
    expected_week.second_degree_new_count as expected_second_new_count,
    stored.second_degree_new_count as stored_second_new_count
  from expected_week
  full join stored using (user_id, year, iso_week)
  where (
      expected_week.tap_count,
      expected_week.first_degree_new_count,
      expected_week.second_degree_count,
      expected_week.second_degree_new_count
    ) is distinct from (
      stored.tap_count,
      stored.first_degree_new_count,
      stored.second_degree_count,
      stored.second_degree_new_count
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
    ('tap_count', compared.stored_tap_count::text, compared.expected_tap_count::text),
    ('first_degree_new_count', compared.stored_new_count::text, compared.expected_new_count::text),
    ('second_degree_count', compared.stored_second_count::text, compared.expected_second_count::text),
    ('second_degree_new_count', compared.stored_second_new_count::text, compared.expected_second_new_count::text)
) as difference (column_name, stored, expected)
where difference.stored is distinct from difference.expected
  and (difference.column_name = 'row' or (compared.is_stored and compared.is_expected))
