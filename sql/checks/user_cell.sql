-- First tap of the verified users in every cell.
--! table: user_cell
--! says: first taps of the verified users in cells, recomputed
with stored as (
  select verify_user.user_id, user_cell.geohash5, user_cell.first_day, user_cell.first_tap_at
  from verify_user
  join user_key on user_key.user_id = verify_user.user_id
  join user_cell on user_cell.user_key = user_key.user_key
), compared as (
  select
    user_id,
    geohash5,
    visited_cell.first_day is not null as is_expected,
    stored.first_day is not null as is_stored,
    visited_cell.first_day as expected_first_day,
    stored.first_day as stored_first_day,
    visited_cell.first_tap_at as expected_first_tap_at,
    stored.first_tap_at as stored_first_tap_at
  from visited_cell
  full join stored using (user_id, geohash5)
)
select
  format('user %s, geohash5 %s', compared.user_id, compared.geohash5) as key,
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
    ('first_day', compared.stored_first_day::text, compared.expected_first_day::text),
    ('first_tap_at', compared.stored_first_tap_at::text, compared.expected_first_tap_at::text)
) as difference (column_name, stored, expected)
where difference.stored is distinct from difference.expected
  and (difference.column_name = 'row' or (compared.is_stored and compared.is_expected))
