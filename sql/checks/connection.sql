-- First and latest tap of every pair of the verified users.
--! table: connection
--! says: first and latest tap of every pair, recomputed
with expected as (
  select
    expected_pair.u1,
    expected_pair.u2,
    expected_pair.first_tap_at,
    expected_pair.first_day,
    expected_pair.last_tap_at,
    expected_pair.last_day,
    expected_pair.tap_count
  from expected_pair
  where exists (select from verify_user where verify_user.user_id in (expected_pair.u1, expected_pair.u2))
), own_key as (
  select user_key.user_key
  from verify_user
  join user_key on user_key.user_id = verify_user.user_id
), own_pair as (
  select pair.u1_key, pair.u2_key
  from own_key
  join pair on pair.u1_key = own_key.user_key
  union
  select pair.u1_key, pair.u2_key
  from own_key
  join pair on pair.u2_key = own_key.user_key
), stored as (
  select
    user1.user_id as u1,
    user2.user_id as u2,
    pair.first_tap_at,
    pair.first_day,
    pair.last_tap_at,
    pair.last_day,
    pair.tap_count
  from own_pair
  join pair on pair.u1_key = own_pair.u1_key and pair.u2_key = own_pair.u2_key
  join user_key as user1 on user1.user_key = pair.u1_key
  join user_key as user2 on user2.user_key = pair.u2_key
), compared as (
  select
    u1,
    u2,
    expected.tap_count is not null as is_expected,
    stored.tap_count is not null as is_stored,
    expected.first_tap_at as expected_first_tap_at,
    stored.first_tap_at as stored_first_tap_at,
    expected.first_day as expected_first_day,
    stored.first_day as stored_first_day,
    expected.last_tap_at as expected_last_tap_at,
    stored.last_tap_at as stored_last_tap_at,
    expected.last_day as expected_last_day,
    stored.last_day as stored_last_day,
    expected.tap_count as expected_tap_count,
    stored.tap_count as stored_tap_count
  from expected
  full join stored using (u1, u2)
  where (
      expected.first_tap_at, expected.first_day, expected.last_tap_at, expected.last_day, expected.tap_count
    ) is distinct from (
      stored.first_tap_at, stored.first_day, stored.last_tap_at, stored.last_day, stored.tap_count
    )
)
select
  format('u1 %s, u2 %s', compared.u1, compared.u2) as key,
  compared.u1 as user_id,
  compared.u2 as other_id,
  null::date as day,
  difference.column_name,
  difference.stored,
  difference.expected,
  -- A pair that is not stored is reached by one of its days only, any other by its users.
  case when not compared.is_stored then compared.expected_first_day end as mark_day,
  compared.u1 as mark_user
from compared
cross join lateral (
  values
    (
      'row',
      case when compared.is_stored then 'there' else 'missing' end,
      case when compared.is_expected then 'there' else 'no row' end
    ),
    ('first_tap_at', compared.stored_first_tap_at::text, compared.expected_first_tap_at::text),
    ('first_day', compared.stored_first_day::text, compared.expected_first_day::text),
    ('last_tap_at', compared.stored_last_tap_at::text, compared.expected_last_tap_at::text),
    ('last_day', compared.stored_last_day::text, compared.expected_last_day::text),
    ('tap_count', compared.stored_tap_count::text, compared.expected_tap_count::text)
) as difference (column_name, stored, expected)
where difference.stored is distinct from difference.expected
  and (difference.column_name = 'row' or (compared.is_stored and compared.is_expected))
