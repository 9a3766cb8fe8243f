-- What every pair did on the verified days, against the source. Stale days are told apart.
--! table: pair_day
--! says: pairs of the verified days, from the source
with expected as (
  select
    source_pair_day.u1,
    source_pair_day.u2,
    source_pair_day.day,
    source_pair_day.tap_count,
    source_pair_day.first_tap_at,
    source_pair_day.last_tap_at
  from source_pair_day
  join verify_day on verify_day.day = source_pair_day.day and not verify_day.is_stale
  where source_pair_day.ignored_because is null
), stored as (
  select
    user1.user_id as u1,
    user2.user_id as u2,
    pair_day.day,
    pair_day.tap_count,
    pair_day.first_tap_at,
    pair_day.last_tap_at
  from verify_day
  join pair_day on pair_day.day = verify_day.day
  join user_key as user1 on user1.user_key = pair_day.u1_key
  join user_key as user2 on user2.user_key = pair_day.u2_key
  where not verify_day.is_stale
), compared as (
  select
    u1,
    u2,
    day,
    expected.tap_count is not null as is_expected,
    stored.tap_count is not null as is_stored,
    expected.tap_count as expected_tap_count,
    stored.tap_count as stored_tap_count,
    expected.first_tap_at as expected_first_tap_at,
    stored.first_tap_at as stored_first_tap_at,
    expected.last_tap_at as expected_last_tap_at,
    stored.last_tap_at as stored_last_tap_at
  from expected
  full join stored using (u1, u2, day)
  where (expected.tap_count, expected.first_tap_at, expected.last_tap_at)
    is distinct from (stored.tap_count, stored.first_tap_at, stored.last_tap_at)
)
select
  format('u1 %s, u2 %s, day %s', compared.u1, compared.u2, compared.day) as key,
  compared.u1 as user_id,
  compared.u2 as other_id,
  compared.day,
  difference.column_name,
  difference.stored,
  difference.expected,
  compared.day as mark_day,
  null::uuid as mark_user
from compared
cross join lateral (
  values
    (
      'row',
      case when compared.is_stored then 'there' else 'missing' end,
      case when compared.is_expected then 'there' else 'no row' end
    ),
    ('tap_count', compared.stored_tap_count::text, compared.expected_tap_count::text),
    ('first_tap_at', compared.stored_first_tap_at::text, compared.expected_first_tap_at::text),
    ('last_tap_at', compared.stored_last_tap_at::text, compared.expected_last_tap_at::text)
) as difference (column_name, stored, expected)
where difference.stored is distinct from difference.expected
  and (difference.column_name = 'row' or (compared.is_stored and compared.is_expected))
