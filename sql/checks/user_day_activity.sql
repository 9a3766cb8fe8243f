-- The days of the verified users.
--! table: user_day_activity
--! says: days of the verified users, recomputed
with stored as (
  select
    user_day_activity.user_id,
    user_day_activity.day,
    user_day_activity.tap_count,
    user_day_activity.first_degree_new_count
  from verify_user
  join user_day_activity on user_day_activity.user_id = verify_user.user_id
), compared as (
  select
    user_id,
    day,
    active_day.tap_count is not null as is_expected,
    stored.tap_count is not null as is_stored,
    active_day.tap_count as expected_tap_count,
    stored.tap_count as stored_tap_count,
    active_day.first_degree_new_count as expected_new_count,
    stored.first_degree_new_count as stored_new_count
  from active_day
  full join stored using (user_id, day)
  where (active_day.tap_count, active_day.first_degree_new_count)
    is distinct from (stored.tap_count, stored.first_degree_new_count)
)
select
  format('user_id %s, day %s', compared.user_id, compared.day) as key,
  compared.user_id,
  null::uuid as other_id,
  compared.day,
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
    ('first_degree_new_count', compared.stored_new_count::text, compared.expected_new_count::text)
) as difference (column_name, stored, expected)
where difference.stored is distinct from difference.expected
  and (difference.column_name = 'row' or (compared.is_stored and compared.is_expected))
