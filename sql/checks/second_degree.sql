-- Second degree of the verified users on the as-of day, by joining the graph with itself.
--! table: second_degree
--! says: second degree on the as-of day, recomputed
with as_of as (
  select max(processed_day.day) as day from processed_day
), expected as (
  select
    verify_user.user_id,
    coalesce(sum(second_degree_change.entered_count - second_degree_change.left_count), 0) as second_degree_count,
    coalesce(
      sum(second_degree_change.entered_count)
        filter (where second_degree_change.week_start + 6 >= as_of.day),
      0
    ) as second_degree_new_count
  from verify_user
  cross join as_of
  left join second_degree_change on second_degree_change.user_id = verify_user.user_id
  where exists (select from active_day where active_day.user_id = verify_user.user_id)
  group by verify_user.user_id
), stored as (
  select
    verify_user.user_id,
    second_degree.week,
    second_degree.second_degree_count,
    second_degree.second_degree_new_count
  from verify_user
  join user_key on user_key.user_id = verify_user.user_id
  join second_degree on second_degree.user_key = user_key.user_key
), compared as (
  select
    user_id,
    expected.user_id is not null as is_expected,
    stored.user_id is not null as is_stored,
    (as_of.day - date '0001-01-01') / 7 as expected_week,
    stored.week as stored_week,
    expected.second_degree_count as expected_count,
    stored.second_degree_count as stored_count,
    expected.second_degree_new_count as expected_new_count,
    stored.second_degree_new_count as stored_new_count
  from expected
  full join stored using (user_id)
  cross join as_of
)
select
  format('user %s', compared.user_id) as key,
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
    ('week', compared.stored_week::text, compared.expected_week::text),
    ('second_degree_count', compared.stored_count::text, compared.expected_count::text),
    ('second_degree_new_count', compared.stored_new_count::text, compared.expected_new_count::text)
) as difference (column_name, stored, expected)
where difference.stored is distinct from difference.expected
  and (difference.column_name = 'row' or (compared.is_stored and compared.is_expected))
