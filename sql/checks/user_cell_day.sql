-- In which cells users tapped on the verified days, against the source. Stale days are told apart.
--! table: user_cell_day
--! says: cells of the users on the verified days, from the source
with expected as (
  select visitor.user_id, source_cell.geohash5, source_cell.day, min(source_cell.first_tap_at) as first_tap_at
  from source_cell
  join verify_day on verify_day.day = source_cell.day and not verify_day.is_stale
  cross join lateral (values (source_cell.u1), (source_cell.u2)) as visitor (user_id)
  group by visitor.user_id, source_cell.geohash5, source_cell.day
), stored as (
  select user_key.user_id, user_cell_day.geohash5, user_cell_day.day, user_cell_day.first_tap_at
  from verify_day
  join user_cell_day on user_cell_day.day = verify_day.day
  join user_key on user_key.user_key = user_cell_day.user_key
  where not verify_day.is_stale
)
select
  format('user %s, geohash5 %s, day %s', user_id, geohash5, day) as key,
  user_id,
  null::uuid as other_id,
  day,
  case when expected.first_tap_at is null or stored.first_tap_at is null then 'row' else 'first_tap_at' end as column_name,
  case
    when stored.first_tap_at is null then 'missing'
    when expected.first_tap_at is null then 'there'
    else stored.first_tap_at::text
  end as stored,
  case
    when expected.first_tap_at is null then 'no row'
    when stored.first_tap_at is null then 'there'
    else expected.first_tap_at::text
  end as expected,
  day as mark_day,
  user_id as mark_user
from expected
full join stored using (user_id, geohash5, day)
where expected.first_tap_at is distinct from stored.first_tap_at
